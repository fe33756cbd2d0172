#include "dataplane/sfu/feedback_out.h"

#include <array>

#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/rtcp_datagram.h"

namespace penstock::sfu {
namespace {

constexpr std::uint64_t kTransportFeedbackNs = 100'000'000;
constexpr std::uint64_t kLimitNs = 500'000'000;
constexpr std::uint64_t kNoLimit = 1'000'000'000'000;  // bit/s
// Sequence numbers in one NACK; what is more is due again next turn.
constexpr std::size_t kNackBudget = 256;

// Calls each(track slot, encoding) for every media stream of the endpoint that has come.
template <class Each>
void for_each_stream(Core& core, EndpointSlot slot, Each&& each) {
  for (TrackSlot next = core.endpoints[slot].first_track; next != 0; next = core.tracks[next - 1].next) {
    for (std::uint32_t i = 0; i < core.tracks[next - 1].parameters.encoding_count; ++i) {
      if (core.streams[stream_id(next - 1, i, false)].known) each(next - 1, i);
    }
  }
}

// Any of its SSRCs: libwebrtc ignores feedback about one that it does not know.
std::uint32_t any_ssrc(Core& core, EndpointSlot slot) {
  std::uint32_t ssrc = 0;
  for_each_stream(core, slot,
                  [&](TrackSlot track, std::uint32_t i) { ssrc = core.streams[stream_id(track, i, false)].ssrc; });
  return ssrc;
}

void send_transport_feedback(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  rtp::TransportFeedbackRecorder& recorder = core.arrivals[slot];
  if (!recorder.pending() || (core.now_ns() < endpoint.next_feedback_ns && !recorder.urgent())) return;
  endpoint.next_feedback_ns = core.now_ns() + kTransportFeedbackNs;
  const std::uint32_t media = any_ssrc(core, slot);
  RtcpDatagram datagram(core, slot);
  if (!datagram) return;
  bool some = false;
  while (recorder.pending() && recorder.append_to(datagram.writer(), datagram.sender(), rtp::Ssrc{media})) some = true;
  if (!some) return;
  core.stats.transport_feedback_sent.add();
  datagram.send();
}

// To the publisher, where it is also a receiver and so has told; 0: unknown.
std::uint32_t rtt_us(const Core& core, EndpointSlot slot) {
  const SubscriptionSlot first = core.endpoints[slot].first_subscription;
  return first == 0 ? 0 : core.subscriptions[first - 1].receiver.rtt_us;
}

void send_nack(Core& core, EndpointSlot slot, TrackSlot track, std::uint32_t i) {
  rtp::NackGenerator& nacks = core.tracks[track].encodings[i].nacks;
  std::array<rtp::SequenceNumber, kNackBudget> lost;
  const std::size_t n = nacks.collect(core.now_us(), rtt_us(core, slot), lost);
  if (nacks.take_key_frame_wanted()) want_key_frame(core, track, i);
  if (n == 0 || !core.tracks[track].parameters.feedback.nack) return;
  RtcpDatagram datagram(core, slot);
  if (!datagram) return;
  const rtp::Ssrc media{core.streams[stream_id(track, i, false)].ssrc};
  const std::size_t written = datagram.writer().nack(datagram.sender(), media, std::span(lost).first(n));
  core.stats.nacks_sent.add(written);
  core.board.tracks[track].encodings[i].nacks_sent.add(written);
  datagram.send();
}

void send_nacks(Core& core, EndpointSlot slot) {
  for_each_stream(core, slot, [&](TrackSlot track, std::uint32_t i) {
    if (core.tracks[track].encodings[i].nacks.missing() > 0) send_nack(core, slot, track, i);
  });
}

// REMB (draft-alvestrand-rmcat-remb-03): senders that go by transport-wide feedback heed it as an upper bound. They
// heed the last one for ever, so the end of a limit is told, too.
void send_limit(Core& core, EndpointSlot slot) {
  Endpoint& endpoint = core.endpoints[slot];
  const bool lifts = endpoint.max_publish_bit_rate == 0;
  if ((lifts && endpoint.limits_to_lift == 0) || core.now_ns() < endpoint.next_limit_ns) return;
  endpoint.next_limit_ns = core.now_ns() + kLimitNs;
  std::array<rtp::Ssrc, 32> media;
  std::size_t n = 0;
  for_each_stream(core, slot, [&](TrackSlot track, std::uint32_t i) {
    if (n < media.size()) media[n++] = rtp::Ssrc{core.streams[stream_id(track, i, false)].ssrc};
  });
  if (n == 0) return;
  RtcpDatagram datagram(core, slot);
  if (!datagram) return;
  const std::uint64_t bit_rate = lifts ? kNoLimit : endpoint.max_publish_bit_rate;
  datagram.writer().maximum_bitrate(datagram.sender(), bit_rate, std::span(media).first(n));
  if (lifts) --endpoint.limits_to_lift;
  core.board.endpoints[slot].available_bit_rate.set(endpoint.max_publish_bit_rate);
  datagram.send();
}

}  // namespace

void send_feedback(Core& core, EndpointSlot slot) {
  if (core.endpoints[slot].first_track == 0) return;
  send_nacks(core, slot);
  send_transport_feedback(core, slot);
  send_limit(core, slot);
}

}  // namespace penstock::sfu

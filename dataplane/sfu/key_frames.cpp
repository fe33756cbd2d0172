#include "dataplane/sfu/key_frames.h"

#include <array>

#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/rtcp_datagram.h"

namespace penstock::sfu {
namespace {

void ask(Core& core, TrackSlot slot, std::uint32_t at) {
  Track& track = core.tracks[slot];
  if (track.is_mirror()) return wish(core, slot, at);
  const Stream& stream = core.streams[stream_id(slot, at, false)];
  const Feedback& feedback = track.parameters.feedback;
  if (!stream.known || (!feedback.pli && !feedback.fir)) return;
  RtcpDatagram datagram(core, track.parameters.endpoint);
  if (!datagram) return;  // no packet left: it counts as lost on the way
  const rtp::Ssrc ours = datagram.sender();
  if (feedback.pli) {
    datagram.writer().picture_loss(ours, rtp::Ssrc{stream.ssrc});
    core.stats.plis_sent.add();
  } else {
    const std::array items{
        rtp::FullIntraItem{rtp::Ssrc{stream.ssrc}, track.key_frames.fir_number(static_cast<std::uint8_t>(at))}};
    datagram.writer().full_intra_request(ours, items);
    core.stats.firs_sent.add();
  }
  core.board.tracks[slot].encodings[at].plis_sent.add();
  datagram.send();
}

}  // namespace

void want_key_frame(Core& core, TrackSlot slot, std::uint32_t at, std::uint64_t rtt_ns) {
  Track& track = core.tracks[slot];
  if (track.parameters.kind != MediaKind::video) return;
  track.key_frames.want(static_cast<std::uint8_t>(at), core.now_ns(), rtt_ns);
  send_key_frame_requests(core, slot);
}

void send_key_frame_requests(Core& core, TrackSlot slot) {
  Track& track = core.tracks[slot];
  if (!track.key_frames.any()) return;
  const std::uint8_t due = track.key_frames.collect(core.now_ns(), 0);
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    if ((due >> i & 1) != 0) ask(core, slot, i);
  }
}

}  // namespace penstock::sfu

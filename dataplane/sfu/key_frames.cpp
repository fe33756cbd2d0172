#include "dataplane/sfu/key_frames.h"

#include <array>

#include "dataplane/sfu/rtcp_datagram.h"

namespace penstock::sfu {
namespace {

// What comes sooner is on its way already: an encoder makes few key frames a second, and every one of them costs all
// receivers.
constexpr std::uint64_t kAskAgainNs = 300'000'000;

void ask(Core& core, TrackSlot slot, std::uint32_t at) {
  Track& track = core.tracks[slot];
  Encoding& encoding = track.encodings[at];
  const Stream& stream = core.streams[stream_id(slot, at, false)];
  const Feedback& feedback = track.parameters.feedback;
  if (!stream.known || (!feedback.pli && !feedback.fir)) return;
  RtcpDatagram datagram(core, track.parameters.endpoint);
  if (!datagram) return;  // no packet left: the next turn tries again
  const rtp::Ssrc ours = datagram.sender();
  if (feedback.pli) {
    datagram.writer().picture_loss(ours, rtp::Ssrc{stream.ssrc});
    core.stats.plis_sent.add();
  } else {
    const std::array items{rtp::FullIntraItem{rtp::Ssrc{stream.ssrc}, ++encoding.fir_number}};
    datagram.writer().full_intra_request(ours, items);
    core.stats.firs_sent.add();
  }
  core.board.tracks[slot].encodings[at].plis_sent.add();
  encoding.key_frame_asked_ns = core.now_ns();
  datagram.send();
}

}  // namespace

void want_key_frame(Core& core, TrackSlot slot, std::uint32_t at) {
  Track& track = core.tracks[slot];
  if (track.parameters.kind != MediaKind::video) return;
  Encoding& encoding = track.encodings[at];
  encoding.key_frame_wanted = true;
  if (core.now_ns() - encoding.key_frame_asked_ns >= kAskAgainNs) ask(core, slot, at);
}

void repeat_key_frame_requests(Core& core, TrackSlot slot) {
  Track& track = core.tracks[slot];
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    if (track.encodings[i].key_frame_wanted) want_key_frame(core, slot, i);
  }
}

}  // namespace penstock::sfu

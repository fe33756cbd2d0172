#pragma once
// Somebody in a room: an endpoint with what it publishes and what it receives, and the RTCP that goes with both.

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bench/load/sfu/media/audio_source.h"
#include "bench/load/sfu/media/received_stream.h"
#include "bench/load/sfu/media/sender.h"
#include "bench/load/sfu/media/tally.h"
#include "bench/load/sfu/media/video_source.h"
#include "bench/load/sfu/peer/loop.h"
#include "dataplane/rtp/transport_feedback_recorder.h"

namespace penstock::load::media {

struct ParticipantOptions {
  std::optional<AudioOptions> audio;  ///< what it publishes
  std::optional<VideoOptions> video;
  std::vector<StreamOptions> streams;  ///< what it receives
  bool transport_feedback = true;      ///< tells arrivals every 100 ms
  std::uint64_t rtcp_interval_ns = 100'000'000;
};

/// Begins to send and to ask once its endpoint is connected. `loop` and `tally` outlive it; its endpoint is closed with
/// it, so that it is destroyed before the loop and not within a callback.
class Participant final : private peer::Listener, private peer::Task {
 public:
  Participant(peer::Loop& loop, peer::Endpoint& endpoint, const ParticipantOptions& options, Tally& tally);
  ~Participant() override;
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  /// Another stream to receive, also while running.
  void add_stream(const StreamOptions& options);

  peer::Endpoint& endpoint() { return endpoint_; }
  const std::vector<std::unique_ptr<ReceivedStream>>& streams() const { return streams_; }
  VideoSource* video() { return video_ ? &*video_ : nullptr; }
  AudioSource* audio() { return audio_ ? &*audio_ : nullptr; }
  /// RTP packets handed to the socket so far, retransmissions included.
  std::uint64_t sent() const { return sender_.packets(); }

 private:
  void on_state(peer::State state, std::uint64_t now_ns) override;
  void on_rtp(const peer::ReceivedRtp& packet) override;
  void on_rtcp(const rtp::RtcpCompound& compound, std::uint64_t now_ns) override;
  std::uint64_t run(std::uint64_t now_ns) override;

  void take_feedback(const rtp::RtcpPacket& packet, std::uint64_t now_ns);
  void request_key_frame(rtp::Ssrc media, std::uint64_t now_ns);
  void send_reports(std::uint64_t now_ns);
  void send_feedback(std::uint64_t now_ns);
  void append_sender_reports(rtp::RtcpWriter& writer, std::uint64_t now_ns);
  rtp::Ssrc own_ssrc() const;

  peer::Loop& loop_;
  peer::Endpoint& endpoint_;
  Tally& tally_;
  Sender sender_;
  std::optional<AudioSource> audio_;
  std::optional<VideoSource> video_;
  std::vector<std::unique_ptr<ReceivedStream>> streams_;
  std::unordered_map<std::uint32_t, ReceivedStream*> by_ssrc_;
  std::unique_ptr<rtp::TransportFeedbackRecorder> arrivals_;
  rtp::Ssrc feedback_media_{};  ///< the other side's SSRC that arrived last
  std::uint64_t interval_ns_;
  std::uint64_t next_reports_ns_ = 0;
  std::uint64_t next_feedback_ns_ = 0;
};

}  // namespace penstock::load::media

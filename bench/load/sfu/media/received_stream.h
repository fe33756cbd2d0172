#pragma once
// A subscription at the receiver's end: everything that must be true of what arrives, and what is asked for when it is
// not.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "bench/load/sfu/media/packet_order.h"
#include "bench/load/sfu/media/picture_check.h"
#include "bench/load/sfu/media/tally.h"
#include "bench/load/sfu/peer/endpoint.h"
#include "dataplane/rtp/nack_generator.h"
#include "dataplane/rtp/receiver_statistics.h"
#include "dataplane/rtp/rtcp_writer.h"

namespace penstock::load::media {

struct StreamOptions {
  bool video = false;
  std::uint32_t ssrc = 0;
  std::uint32_t rtx_ssrc = 0;  ///< 0: none
  std::uint32_t track = 0;     ///< of the stamps that belong here
  bool nack = true;
  bool flood = false;  ///< asks for everything again, and for key frames, as often as it can: a hostile receiver
};

class ReceivedStream {
 public:
  /// `tally` outlives it.
  ReceivedStream(const StreamOptions& options, Tally& tally);

  /// A packet of `ssrc` or `rtx_ssrc`. True when it shows that something is missing.
  bool take(const peer::ReceivedRtp& packet);
  void take_sender_report(const rtp::SenderReport& report, std::uint64_t now_ns);
  /// Its transport is there: a first picture is waited for from now on.
  void begin(std::uint64_t now_ns);

  /// Appends what is due: NACK, PLI.
  void append_requests(rtp::RtcpWriter& writer, rtp::Ssrc own, std::uint64_t now_ns);
  /// For receiver reports; nothing before there is something to report on.
  std::optional<rtp::ReportBlock> report(std::uint64_t now_ns);
  bool anything_missing() const { return video_ != nullptr && video_->nacks.missing() > 0; }

  std::uint32_t ssrc() const { return options_.ssrc; }
  std::uint32_t rtx_ssrc() const { return options_.rtx_ssrc; }
  bool seen() const { return seen_; }
  bool decodable() const { return video_ == nullptr ? seen_ : video_->check.decodable(); }

 private:
  struct Video {
    rtp::NackGenerator nacks;
    PacketOrder<PicturePacket> order;
    PictureCheck check;
    std::uint64_t stuck_ns = 0;  ///< since when the front is missing; 0: it is not
    std::uint64_t next_pli_ns = 0;
    bool had_picture = false;
  };

  bool take_audio(const peer::ReceivedRtp& packet);
  bool take_video(const peer::ReceivedRtp& packet, rtp::Bytes payload, rtp::SequenceNumber sequence, bool repair);
  bool judge(rtp::Bytes stamped, bool repair, std::uint64_t now_ns, std::uint8_t& encoding);
  void advance(std::uint64_t now_ns);
  void append_flood(rtp::RtcpWriter& writer, rtp::Ssrc own);

  StreamOptions options_;
  Tally& tally_;
  ReceivedTally& received_;
  rtp::ReceiverStatistics statistics_;
  std::uint64_t began_ns_ = 0;
  std::uint16_t newest_ = 0;
  bool seen_ = false;
  std::unique_ptr<Video> video_;
  std::unique_ptr<PacketOrder<char, 64>> audio_;
};

}  // namespace penstock::load::media

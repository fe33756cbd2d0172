#pragma once
// One VP8 stream of a publisher: frames of realistic sizes with temporal layers, as RTP packets (RFC 7741), and again
// by RTX (RFC 4588) when asked for.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/sfu/media/sender.h"
#include "bench/load/sfu/media/stamp.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/rtcp_reports.h"

namespace penstock::load::media {

struct Vp8Options {
  std::string mid;
  std::string rid;  ///< empty: one stream, told apart by its SSRC
  std::uint32_t ssrc = 0;
  std::uint32_t rtx_ssrc = 0;
  std::uint32_t source = 0;  ///< of its stamps
  std::uint16_t width = 1280, height = 720;
  double bit_rate = 1'500'000;  ///< bit/s of RTP payload, key frames aside
  double frame_rate = 30;
  unsigned temporal_layers = 3;     ///< 1 to 3
  std::size_t packet_bytes = 1100;  ///< the most RTP payload in a packet
  double key_frame_factor = 5;      ///< how many times the size of a mean frame
};

class Vp8Encoding {
 public:
  explicit Vp8Encoding(const Vp8Options& options);

  /// Prepares the next frame; what is left of the last one is sent first.
  void begin_frame(Sender& sender, std::uint64_t now_ns);
  /// Sends at most so many packets of it. True when it is all out.
  bool send_some(Sender& sender, unsigned packets, std::uint64_t now_ns);
  /// The next frame will be a key frame. Requests that come faster than every 300 ms are one.
  void request_key_frame(std::uint64_t now_ns);
  /// Sends a packet again, if it is remembered.
  void resend(Sender& sender, rtp::SequenceNumber sequence, std::uint64_t now_ns);

  /// The next packets are remembered as sent, but go nowhere: a lossy way, for tests.
  void lose_next(unsigned packets) { to_lose_ = packets; }
  unsigned packets_left() const { return packets_left_; }
  std::uint32_t ssrc() const { return options_.ssrc; }
  std::uint32_t rtx_ssrc() const { return options_.rtx_ssrc; }
  /// For sender reports.
  rtp::SenderInfo sender_info(std::uint64_t now_ns) const;
  std::uint64_t packets() const { return packets_; }
  std::uint64_t key_frames() const { return key_frames_; }
  std::uint64_t resent() const { return resent_; }
  std::uint64_t not_remembered() const { return not_remembered_; }

 private:
  static constexpr std::size_t kRemembered = 512;
  static constexpr std::uint64_t kIntroduced = 100;  ///< packets that carry MID and RID
  struct Sent {
    std::uint64_t index = 0;
    std::uint64_t sent_ns = 0;
    std::uint32_t timestamp = 0;
    std::uint16_t payload_bytes = 0;
    std::uint16_t picture_id = 0;
    std::uint8_t tl0picidx = 0;
    std::uint8_t layer = 0;  ///< TID << 6 | Y << 5, as in the descriptor
    bool start = false, key = false, marker = false;
  };

  std::size_t frame_bytes(bool key);
  void choose_layer(bool key);
  std::size_t write_payload(std::span<std::uint8_t> out, const Sent& packet) const;

  Vp8Options options_;
  rtp::HeaderTemplate introduction_, form_, rtx_form_;
  std::uint64_t index_;  ///< of the next packet
  std::uint64_t rtx_index_;
  std::uint32_t timestamp_;  ///< of the frame
  std::uint64_t frame_ns_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t since_key_ = 0;  ///< frames
  bool key_wanted_ = true;
  std::uint64_t key_wanted_ns_ = 0;
  bool key_ = false;
  std::uint16_t picture_id_;
  std::uint8_t tl0picidx_;
  std::uint8_t layer_ = 0;
  std::size_t bytes_left_ = 0, bytes_each_ = 0;
  unsigned packets_left_ = 0;
  unsigned to_lose_ = 0;
  bool started_ = false;  ///< the frame's first packet is out
  std::uint64_t packets_ = 0, octets_ = 0, key_frames_ = 0, resent_ = 0, not_remembered_ = 0;
  std::vector<Sent> sent_;  ///< a ring by index
};

}  // namespace penstock::load::media

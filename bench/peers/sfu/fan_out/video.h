#pragma once
// The pictures every server is given: VP8 frames of equal packets, each stamped with when it left.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/rtp/bytes.h"
#include "dataplane/rtp/header.h"

namespace penstock::peers {

inline constexpr std::uint8_t kVideoPayloadType = 96;

struct FrameShape {
  unsigned packets = 8;             ///< of a frame
  std::size_t packet_bytes = 1200;  ///< of each: fixed RTP header, header extensions left out, and payload
};

/// The frames of one camera (RFC 7741): 15-bit picture id, TL0PICIDX, one temporal layer. Servers rewrite what stands
/// in front of a payload, so the stamp is at its end.
class Video {
 public:
  static constexpr std::size_t kStampBytes = 16;

  Video(std::uint32_t ssrc, const FrameShape& shape) : ssrc_(ssrc), shape_(shape) {}

  /// The next frame: a key frame if it is the first, was asked for, or none came for 10 s at 30 frames/s.
  void begin_frame(std::uint64_t now_ns);
  void want_key_frame() { key_wanted_ = true; }

  /// The frame's packet `i`, 0 to shape().packets - 1. Its payload has payload_bytes().
  rtp::FixedHeader header(unsigned i) const;
  /// Roll-over counter << 16 | sequence number.
  std::uint64_t packet_index(unsigned i) const { return first_index_ + i; }
  void write_payload(unsigned i, std::uint64_t now_ns, std::uint8_t* out) const;
  std::size_t payload_bytes() const { return shape_.packet_bytes - rtp::kFixedHeaderBytes; }

  const FrameShape& shape() const { return shape_; }
  std::uint32_t ssrc() const { return ssrc_; }
  std::uint64_t packets_sent() const { return next_index_; }

 private:
  static constexpr unsigned kKeyInterval = 300;

  std::uint32_t ssrc_;
  FrameShape shape_;
  std::uint64_t first_index_ = 0;  ///< of the frame
  std::uint64_t next_index_ = 0;
  std::uint32_t frames_ = 0;
  std::uint32_t since_key_ = 0;
  std::uint64_t captured_ns_ = 0;
  bool key_ = false;
  bool key_wanted_ = true;
};

/// When a packet left, from the end of its payload; nothing if it is none of ours (padding, probes, retransmissions).
std::optional<std::uint64_t> sent_ns(rtp::Bytes payload);

}  // namespace penstock::peers

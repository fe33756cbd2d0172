#pragma once
// The publisher's track: VP8 frames of equal packets, stamped, encrypted and written as Ethernet frames.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/net/frame_headers.h"
#include "dataplane/net/packet.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/rtcp_reports.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::frame_rooms {

struct CameraOptions {
  std::uint16_t payload_bytes = 1200;  ///< of RTP, VP8 descriptor included
  unsigned frame_packets = 8;          ///< packets of one video frame
};

/// Where its packets go.
struct Route {
  net::LinkHeader link;
  net::Endpoint from, to;
};

class Camera {
 public:
  static constexpr unsigned kMostAtOnce = 64;
  /// What precedes the stamp in a payload: the descriptor (RFC 7741 section 4.2), and room for a key frame's tag and
  /// size (RFC 6386 section 9.1).
  static constexpr std::size_t kHeadBytes = 16;

  /// `cipher` outlives it and has the publisher's key under `context`.
  Camera(srtp::Cipher& cipher, srtp::ContextId context, std::size_t tag_bytes, const CameraOptions& options,
         const Route& route);

  /// Writes the stream's next packets, at most kMostAtOnce, and advances it. They are to be sent in this order.
  void write(std::span<net::Packet* const> packets, std::uint64_t now_ns);
  /// The next video frame will be a key frame. Requests that come faster than every 300 ms are one.
  void request_key_frame(std::uint64_t now_ns);

  std::uint64_t packets() const { return index_ - kFirstIndex; }
  std::uint64_t key_frames() const { return key_frames_; }
  /// For a sender report.
  rtp::SenderInfo sender_info(std::uint64_t now_ns) const;

 private:
  static constexpr std::uint64_t kFirstIndex = 1;
  static constexpr std::size_t kSlotBytes = 1536;

  void begin_frame(std::uint64_t now_ns);
  void write_payload(std::uint8_t* out, bool first, std::uint64_t now_ns) const;
  void finish(net::Packet* packet, std::uint32_t rtp_bytes) const;

  srtp::Cipher& cipher_;
  srtp::ContextId context_;
  CameraOptions options_;
  Route route_;
  std::size_t tag_bytes_;
  rtp::HeaderTemplate header_;
  std::unique_ptr<std::uint8_t[]> payloads_;  ///< plain, kMostAtOnce of them
  std::uint64_t index_ = kFirstIndex;         ///< of the next packet: roll-over counter << 16 | sequence number
  std::uint32_t timestamp_ = 0;
  std::uint32_t frames_ = 0;
  std::uint64_t key_frames_ = 0;
  bool key_ = false;
  bool key_wanted_ = true;
  std::uint64_t key_wanted_ns_ = 0;
};

}  // namespace penstock::frame_rooms

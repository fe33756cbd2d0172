#pragma once
// What endpoints send, gathered over a turn of the loop: encrypted in batches, written as trains.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/rtp/header.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::load::peer {

class Endpoint;

/// What precedes the payload.
struct RtpHead {
  const rtp::HeaderTemplate& form;
  rtp::FixedHeader fixed;  ///< its sequence number is the low half of `packet_index`
  rtp::ExtensionValues values{};
  std::uint64_t packet_index =
      0;  ///< roll-over counter << 16 | sequence number; begins below 2^15 (RFC 3711 section 3.3.1)
};

/// One thread.
class Outbox {
 public:
  static constexpr std::size_t kPackets = srtp::kMaxBatch;
  static constexpr std::size_t kMostPayload = 1400;
  static constexpr std::size_t kMostRtcp = 1200;
  static constexpr unsigned kMostSegments = 64;  ///< of one UDP_SEGMENT send

  explicit Outbox(srtp::Cipher& cipher);

  /// Where to write the next packet's plain payload; add() says how much of it there is.
  std::span<std::uint8_t, kMostPayload> payload();
  /// Queues the packet whose payload was just written. Endpoints without keys send nothing.
  void add(Endpoint& from, const RtpHead& head, std::size_t payload_bytes);
  /// Queues a compound RTCP packet of at most kMostRtcp bytes.
  void add_rtcp(Endpoint& from, std::span<const std::uint8_t> compound);
  /// Encrypts and sends everything, neighbours of one endpoint and size by one call (UDP_SEGMENT).
  void flush();

  /// Packets and RTCP datagrams that the kernel took, and those it refused: lost before they left.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t refused() const { return refused_; }

 private:
  static constexpr std::size_t kSlotBytes = 1600;
  struct Entry {
    Endpoint* from;
    std::size_t size;
  };

  std::uint8_t* slot(std::size_t i) { return slots_.get() + i * kSlotBytes; }
  void encrypt();
  std::size_t train_from(std::size_t first) const;
  void send(std::size_t first, std::size_t end);
  bool write(std::size_t first, std::size_t end);

  srtp::Cipher& cipher_;
  std::unique_ptr<std::uint8_t[]> slots_;     ///< as they leave
  std::unique_ptr<std::uint8_t[]> payloads_;  ///< plain
  std::vector<Entry> entries_;
  std::vector<srtp::ProtectJob> jobs_;
  std::vector<std::size_t> job_entry_;  ///< index into entries_, by job
  bool trains_ = true;                  ///< until a device refuses UDP_SEGMENT, as those without checksum offload do
  std::uint64_t sent_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace penstock::load::peer

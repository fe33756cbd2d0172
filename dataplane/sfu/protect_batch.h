#pragma once
// Packets on their way out, between a written header and the port: encrypted many at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/packet_pool.h"
#include "dataplane/sfu/core.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::sfu {

/// One per worker, empty between bursts. Packets leave in the order in which they were added.
class ProtectBatch {
 public:
  static constexpr std::size_t kCapacity = srtp::kMaxBatch;
  /// Before a payload: original sequence number of RTX, and a payload descriptor.
  static constexpr std::size_t kMostPrefix = 8;

  /// What one packet is made of, its header apart.
  struct Parts {
    std::size_t header_bytes = 0;
    std::uint64_t packet_index = 0;
    std::size_t prefix_bytes = 0;           ///< of prefix(), that were written
    std::span<const std::uint8_t> payload;  ///< has to stay as it is until flush()
  };

  /// `core` outlives it.
  explicit ProtectBatch(Core& core) : core_(core) {}
  ~ProtectBatch();

  std::size_t room() const { return kCapacity - size_; }
  /// An empty packet for the endpoint's selected pair; write its header. nullptr when none is left. There has to be
  /// room.
  net::Packet* begin(const Endpoint& to);
  /// For what goes before the payload of the packet that is added next.
  std::array<std::uint8_t, kMostPrefix>& prefix() { return prefixes_[size_]; }
  /// The packet that begin() gave, with its header.
  void add(net::Packet* packet, EndpointSlot to, const Parts& parts);
  /// Encrypts and sends what was added.
  void flush();

 private:
  /// Taken from the pool at once.
  static constexpr std::size_t kSpare = 32;
  /// Packets whose memory is fetched before they are begun, or sent.
  static constexpr std::size_t kAhead = 4;

  struct Target {
    net::Packet* packet;
    EndpointSlot endpoint;
  };

  bool refill();
  static void fetch(net::Packet* p) {
    __builtin_prefetch(p, 1);
    __builtin_prefetch(&net::info(p), 1);
  }
  static void fetch_to_write(net::Packet* p) {
    fetch(p);
    __builtin_prefetch(reinterpret_cast<std::byte*>(p) + 64, 1);
    __builtin_prefetch(reinterpret_cast<std::byte*>(&net::info(p) + 1) + net::kHeadroom, 1);
  }
  void send_run(std::size_t first, std::size_t end);

  Core& core_;
  std::size_t size_ = 0;
  std::size_t spare_count_ = 0;
  std::array<net::Packet*, kSpare> spare_;
  std::array<srtp::ProtectJob, kCapacity> jobs_;
  std::array<Target, kCapacity> targets_;
  std::array<std::array<std::uint8_t, kMostPrefix>, kCapacity> prefixes_;
};

}  // namespace penstock::sfu

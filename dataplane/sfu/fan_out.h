#pragma once
// One published packet to all who subscribed to it: decide, begin a header, encrypt in batches, send.

#include <array>
#include <cstdint>

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/forward/outgoing.h"
#include "dataplane/sfu/forward/source.h"

namespace penstock::sfu {

/// Collects packets to be encrypted; one per worker, empty between bursts.
class FanOut {
 public:
  /// `core` outlives it.
  explicit FanOut(Core& core) : core_(core) {}

  /// A packet of the track's encoding, which is in its ring, goes to those subscriptions that want it.
  void forward(TrackSlot track, std::uint32_t encoding, const StoredPacket& packet);
  /// A packet that its receiver has lost.
  void resend(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet);
  /// Encrypts and sends what was collected. Call before the burst ends.
  void flush();

 private:
  /// Prefix of a payload: original sequence number of RTX, and a payload descriptor.
  static constexpr std::size_t kMostPrefix = 8;
  struct Target {
    net::Packet* packet;
    EndpointSlot endpoint;
  };

  void offer(const Source& source, SubscriptionSlot slot, std::uint32_t encoding, const StoredPacket& packet);
  void show_layers(SubscriptionSlot slot);
  void emit(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet);
  net::Packet* begin(const StoredPacket& packet);
  void enqueue(net::Packet* out, EndpointSlot endpoint, std::size_t header_bytes, std::uint64_t index,
               std::span<const std::uint8_t> prefix, const StoredPacket& packet);
  void pin(const StoredPacket& packet);
  rtp::ExtensionValues extension_values(const Subscription& subscription, const StoredPacket& packet,
                                        std::size_t payload_bytes) const;

  Core& core_;
  std::size_t size_ = 0;
  std::size_t pinned_count_ = 0;
  std::array<srtp::ProtectJob, srtp::kMaxBatch> jobs_;
  std::array<Target, srtp::kMaxBatch> targets_;
  std::array<std::array<std::uint8_t, kMostPrefix>, srtp::kMaxBatch> prefixes_;
  /// Payloads that jobs refer to are held until the flush: the next packet may take their place in the ring.
  std::array<net::Packet*, srtp::kMaxBatch> pinned_;
};

/// What forwarding needs to know of a track.
Source source_of(const Track& track);

}  // namespace penstock::sfu

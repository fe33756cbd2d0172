#pragma once
// Who owns which local endpoint: one entry per UDP port of each of our addresses, read by every worker for every packet
// (DESIGN.md, decision 4: recorded, not computed).

#include <rte_prefetch.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/net/lazy_array.h"
#include "dataplane/net/packet.h"
#include "dataplane/port/port.h"

namespace penstock::port {

/// Told when an endpoint becomes ours and when it ceases to be: what keeps a kernel filter in step. From any worker.
class EndpointFilter {
 public:
  virtual ~EndpointFilter() = default;
  /// `address` is an index into LocalTable::addresses().
  virtual void open(std::uint8_t address, std::uint16_t port) = 0;
  virtual void close(std::uint8_t address, std::uint16_t port) = 0;
};

/// An (address, port) of ours as a number: the address's index and the port.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;

/// What a slot says.
struct Owner {
  enum class Kind : std::uint8_t { nobody, worker, shared, reserved };
  Kind kind = Kind::nobody;
  std::uint8_t worker = 0;  ///< kind worker
  std::uint32_t local = 0;  ///< kind worker: its local id; kind shared: the number of the shared endpoint
};

/// Shared by all workers; everything but create() and add_filter() may be called from any of them at any time.
class LocalTable {
 public:
  static constexpr std::size_t kMostAddresses = 256;
  static constexpr std::uint32_t kMostShared = 256;
  static constexpr std::uint32_t kMostLocals = (1U << 24) - 1;

  /// For these addresses, and no others. Takes 256 KB each, paged in as ports are bound.
  static tl::expected<std::unique_ptr<LocalTable>, std::string> create(std::span<const net::Address> addresses);
  /// Before the first bind. `filter` outlives the table.
  void add_filter(EndpointFilter& filter) { filters_.push_back(&filter); }

  /// The slot of an endpoint, or kNoSlot when the address is not ours.
  Slot slot(const net::Endpoint& e) const {
    const std::uint32_t index = index_of(e.address);
    return index == kNoIndex ? kNoSlot : index << 16 | e.port;
  }
  Owner owner(Slot slot) const { return unpack(entry(slot).load(std::memory_order_acquire)); }
  void prefetch(Slot slot) const { rte_prefetch0(&entries_[slot]); }

  /// Takes a free slot for one worker, not yet received on.
  tl::expected<Slot, BindError> reserve(const net::Endpoint& e);
  /// A reserved slot is received on by `worker` from now on, as its `local`.
  void assign(Slot slot, std::uint8_t worker, net::LocalId local);
  /// Joins the workers that share the endpoint; returns the number of the shared endpoint.
  tl::expected<std::uint32_t, BindError> share(const net::Endpoint& e);
  /// Gives up a reserved or assigned slot, or one worker's part in a shared one.
  void release(Slot slot);

  std::span<const net::Address> addresses() const { return addresses_; }

 private:
  static constexpr std::uint32_t kNoIndex = UINT32_MAX;
  static constexpr std::size_t kBuckets = 1024;  // four times the addresses, so that probes are short
  static constexpr std::uint32_t kPorts = 1U << 16;
  using Entry = std::atomic_ref<std::uint32_t>;

  explicit LocalTable(std::vector<net::Address> addresses);

  // An entry: 0 when free, else who in the upper byte (a worker and one, or one of these), and the number below.
  static constexpr std::uint32_t kSharedBy = 0xfe, kReservedBy = 0xff;
  static constexpr std::uint32_t kNumber = (1U << 24) - 1;
  static constexpr std::uint32_t pack(std::uint32_t who, std::uint32_t number) { return who << 24 | number; }
  static Owner unpack(std::uint32_t word) {
    const std::uint32_t who = word >> 24;
    if (who == 0) return {};
    if (who == kSharedBy) return {Owner::Kind::shared, 0, word & kNumber};
    if (who == kReservedBy) return {Owner::Kind::reserved, 0, 0};
    return {Owner::Kind::worker, static_cast<std::uint8_t>(who - 1), word & kNumber};
  }
  // One multiplication: the operator chooses the addresses, nobody else.
  static std::size_t bucket(const net::Address& a) {
    return static_cast<std::size_t>((a.low() ^ a.high()) * 0x9ddfea08eb382d69ULL >> 54) % kBuckets;
  }
  std::uint32_t index_of(const net::Address& a) const {
    for (std::size_t b = bucket(a);; b = (b + 1) % kBuckets) {
      const std::uint16_t index = buckets_[b];
      if (index == 0) return kNoIndex;
      if (addresses_[index - 1U] == a) return index - 1U;
    }
  }
  Entry entry(Slot slot) const { return Entry(entries_[slot]); }
  static std::uint8_t address_of(Slot slot) { return static_cast<std::uint8_t>(slot >> 16); }
  static std::uint16_t port_of(Slot slot) { return static_cast<std::uint16_t>(slot); }

  std::vector<net::Address> addresses_;
  std::array<std::uint16_t, kBuckets> buckets_{};  // index + 1
  mutable net::LazyArray<std::uint32_t> entries_;  // addresses times ports; atomic_ref wants it mutable
  // Shared endpoints are bound by every worker at start and seldom change: under a lock, off the packet path.
  std::mutex sharing_;
  std::array<std::uint32_t, kMostShared> sharers_{};  // workers in each
  std::vector<EndpointFilter*> filters_;
};

}  // namespace penstock::port

#pragma once
// (local endpoint, remote endpoint) -> what to do with its packets. One per worker, sized at start.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/burst.h"
#include "dataplane/net/lazy_array.h"

namespace penstock::engine {

/// One flow, one cache line: the key, and what its service needs at hand.
struct alignas(64) Flow {
  net::Endpoint remote;
  net::LocalId local = net::kNoLocal;
  net::PathId path = net::kNoPath;              ///< where the service sends what arrives here, if that is fixed
  std::uint8_t service = 0;                     ///< ServiceId
  std::uint8_t kind = 0;                        ///< the service's own enum
  std::uint16_t word = 0;                       ///< the service's: a channel number
  std::uint32_t index = 0;                      ///< the service's: which allocation, which endpoint
  alignas(8) std::array<std::byte, 16> data{};  ///< the service's
};
static_assert(sizeof(Flow) == 64);

/// Open addressing over lines of eight (tag, id) slots; entries stay where they are, so a FlowId is stable.
class FlowTable {
 public:
  /// Room for `capacity` flows in lines that are at most half full. Flows touch their memory as they are added.
  explicit FlowTable(std::uint32_t capacity);

  net::FlowId find(net::LocalId local, const net::Endpoint& remote) const;
  /// Sets info.flow of each packet from its (info.local, info.remote); prefetches over the whole span.
  void find_burst(std::span<net::Packet* const> packets) const;

  /// The new flow's id with only the key set, or kNoFlow when the table is full or the flow exists.
  net::FlowId insert(net::LocalId local, const net::Endpoint& remote);
  void erase(net::FlowId id);

  Flow& operator[](net::FlowId id) { return flows_[id]; }
  const Flow& operator[](net::FlowId id) const { return flows_[id]; }

  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }

 private:
  /// Seven slots and the count of keys that wanted this line and went on because it was full: a lookup stops at the
  /// first line that nobody passed, so erasing leaves no tombstones.
  struct alignas(64) Line {
    static constexpr std::uint32_t kSlots = 7;
    std::array<std::uint32_t, kSlots> tags;  // 0: free
    std::uint32_t passed;
    std::array<net::FlowId, kSlots> ids;
    std::uint32_t unused;
  };
  static_assert(sizeof(Line) == 64);

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint32_t line_mask_;
  std::uint32_t next_unused_ = 0;
  net::FlowId free_ = net::kNoFlow;
  std::uint64_t salt_;
  net::LazyArray<Line> lines_;
  net::LazyArray<Flow> flows_;

  static net::FlowId first_match(const Line& line, std::uint32_t tag);
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32) | 1; }
  std::uint64_t hash_of(net::LocalId local, const net::Endpoint& remote) const;
  net::FlowId find_hashed(std::uint64_t hash, net::LocalId local, const net::Endpoint& remote) const;
};

}  // namespace penstock::engine

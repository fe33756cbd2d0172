#pragma once
// The next hops that packets are sent to: what the kernel calls neighbours, as far as workers asked for them.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/net/address.h"
#include "dataplane/port/kernel/interface.h"

namespace penstock::port {

enum class HopState : std::uint8_t {
  unknown,    ///< new, or its link came back: the kernel is about to be asked
  resolving,  ///< the kernel asks the neighbour (ARP, ND); hold packets for a moment
  reachable,  ///< its MAC address is known
  failed,     ///< does not answer, or the interface is down; asked again every second while it is in use
};
inline constexpr std::size_t kHopStateCount = 4;

/// State and MAC address in one word, so that a worker sees both or neither change.
struct HopLink {
  std::uint64_t word = 0;  ///< bits 0 to 47: MAC, see mac_from_word; bits 48 and up: HopState

  static constexpr HopLink of(HopState state, std::uint64_t mac = 0) {
    return {static_cast<std::uint64_t>(state) << 48 | mac};
  }
  constexpr HopState state() const { return static_cast<HopState>(word >> 48); }
  constexpr net::MacAddress mac() const { return mac_from_word(word); }
  friend bool operator==(const HopLink&, const HopLink&) = default;
};

/// What makes next hops different.
struct HopKey {
  net::Address neighbour;        ///< the gateway, or the destination itself on a connected network
  InterfaceIndex interface = 0;  ///< index into the InterfaceTable
  std::uint16_t mtu = 0;         ///< what the route says (`ip route ... mtu`), 0: the interface's

  friend bool operator==(const HopKey&, const HopKey&) = default;
};

struct alignas(64) Hop {
  HopKey key;                               ///< fixed while the hop is in the table
  std::atomic<std::uint64_t> link{0};       ///< HopLink; written by the mirror's thread
  std::atomic<std::uint32_t> last_used{0};  ///< seconds of the forwarding clock; written by workers

  HopLink load_link() const { return {link.load(std::memory_order_acquire)}; }
};
static_assert(sizeof(Hop) == 64);

/// Index of a hop, 12 bits.
using HopIndex = std::uint16_t;
inline constexpr std::size_t kMostHops = 4096;
/// Of these on connected networks; the rest is for gateways, or users with many peers on one could block a new gateway.
inline constexpr std::size_t kMostOnLinkHops = kMostHops / 4 * 3;

/// A hash table by open addressing that any worker may add to without a lock and only the mirror's thread takes from.
///
/// Each place has a tag of 32 bits (state and fingerprint), so that a walk over the whole table reads 16 KB. Two
/// workers that add one key at the same moment may add it twice: both hops are resolved, and lookups agree on the
/// first. Taking a hop out has two steps, because workers hold indices and pointers until their next refresh: retire()
/// hides it from lookups, and release() frees the place once every worker has refreshed (ForwardingState keeps the
/// watch).
class HopTable {
 public:
  struct Added {
    HopIndex index;
    bool is_new;  ///< the mirror is to be woken
  };

  /// Any worker: the hop of this key, added in state unknown when it is not there. nullopt: the table is full.
  /// A new one is refused when there are `most` of them already.
  std::optional<Added> find_or_add(const HopKey& key, std::uint32_t now_s, std::size_t most = kMostHops);

  Hop& operator[](HopIndex index) { return hops_[index]; }
  const Hop& operator[](HopIndex index) const { return hops_[index]; }

  /// The mirror's thread: true while the hop is in the table.
  bool holds(HopIndex index) const { return (tags_[index].load(std::memory_order_acquire) & kReady) != 0; }
  /// The mirror's thread: hides a hop from lookups.
  void retire(HopIndex index) { tags_[index].store(kBusy, std::memory_order_release); }
  /// The mirror's thread: a retired hop's place may be used again.
  void release(HopIndex index);
  /// Hops in the table and retired ones.
  std::size_t size() const { return used_.load(std::memory_order_relaxed); }

 private:
  using Tag = std::uint32_t;
  static constexpr Tag kEmpty = 0;           ///< never used: a search ends here
  static constexpr Tag kFree = 1;            ///< used before: a search goes on
  static constexpr Tag kBusy = 2;            ///< being filled, or retired
  static constexpr Tag kReady = 0x80000000;  ///< with 31 bits of the key's hash

  bool claim(HopIndex index, Tag expected, Tag ready, const HopKey& key, std::uint32_t now_s);

  std::array<std::atomic<Tag>, kMostHops> tags_{};
  std::array<Hop, kMostHops> hops_;
  std::atomic<std::uint32_t> used_{0};
};

}  // namespace penstock::port

#pragma once
// Longest-prefix match over addresses in the one form: what policy is made of.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/net/address.h"

namespace penstock::net {

/// Immutable once built, so any number of threads may read it.
///
/// The prefixes are flattened into disjoint ranges, each with the value of its longest prefix, and a range is found in
/// two steps of 64 bits: first among the upper halves of all range starts, then, only where ranges begin inside one
/// /64 (as all of IPv4 does, being ::ffff:0:0/96), among the lower halves there. Both steps walk a B-tree laid out by
/// index: a cache line of eight keys per node, no pointers, no branch to mispredict. A lookup thus touches about
/// log9(rules) lines.
class PrefixTable {
 public:
  /// Whatever the caller likes, below kFirstSubtree.
  using Value = std::uint32_t;
  static constexpr Value kFirstSubtree = 0x8000'0000;

  struct Rule {
    Prefix prefix;  ///< bits behind the length are ignored
    Value value = 0;
  };

  /// Addresses without a rule have the value `otherwise`. Of several rules for one prefix the last one counts.
  PrefixTable(std::span<const Rule> rules, Value otherwise);

  /// The value of the longest prefix that contains the address.
  Value find(const Address& address) const {
    const Value value = find_in(trees_[0], __builtin_bswap64(address.high()));
    if (value < kFirstSubtree) return value;
    return find_in(trees_[value - kFirstSubtree], __builtin_bswap64(address.low()));
  }

  std::size_t size_bytes() const;

 private:
  static constexpr std::size_t kFanOut = 8;  ///< keys per node
  struct alignas(64) Node {
    std::array<std::uint64_t, kFanOut> keys;
  };
  using Values = std::array<Value, kFanOut>;

  /// Node i has the children 9i + 1 to 9i + 9, counted from `first`. trees_[0] holds the upper halves.
  struct Tree {
    std::uint32_t first = 0;
    std::uint32_t size = 0;
  };
  struct Entry {
    std::uint64_t key;
    Value value;
  };

  Value find_in(const Tree& tree, std::uint64_t key) const {
    Value value = 0;
    for (std::size_t node = 0; node < tree.size;) {
      const auto& keys = nodes_[tree.first + node].keys;
      std::size_t not_above = 0;
      for (std::size_t i = 0; i < kFanOut; ++i) not_above += keys[i] <= key;
      // The greatest key not above `key` lies in the last node of the walk that has one: deeper ones are greater.
      if (not_above != 0) value = values_[tree.first + node][not_above - 1];
      node = node * (kFanOut + 1) + 1 + not_above;
    }
    return value;
  }
  Tree add_tree(std::span<const Entry> ascending);

  std::vector<Tree> trees_;
  std::vector<Node> nodes_;
  std::vector<Values> values_;
};

}  // namespace penstock::net

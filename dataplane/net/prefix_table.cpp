#include "dataplane/net/prefix_table.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace penstock::net {
namespace {

__extension__ using Uint128 = unsigned __int128;

Uint128 number(const Address& address) {
  return Uint128{__builtin_bswap64(address.high())} << 64 | __builtin_bswap64(address.low());
}

struct Block {
  Uint128 first;
  Uint128 last;
  std::uint8_t length;
  PrefixTable::Value value;
  std::size_t rule;  ///< position in the list
};

/// Outer blocks before the blocks inside them; of equal prefixes the last rule comes last. (Not std::stable_sort: clang
/// refuses libstdc++ 12's, which uses what C++17 deprecated.)
std::vector<Block> sorted_blocks(std::span<const PrefixTable::Rule> rules) {
  std::vector<Block> blocks;
  blocks.reserve(rules.size());
  for (const auto& [prefix, value] : rules) {
    const Uint128 host_bits = prefix.length == 0 ? ~Uint128{0} : (Uint128{1} << (128 - prefix.length)) - 1;
    const Uint128 first = number(prefix.address) & ~host_bits;
    blocks.push_back({first, first | host_bits, prefix.length, value, blocks.size()});
  }
  std::ranges::sort(blocks, [](const Block& a, const Block& b) {
    if (a.first != b.first) return a.first < b.first;
    return a.length != b.length ? a.length < b.length : a.rule < b.rule;
  });
  return blocks;
}

struct Range {
  Uint128 first;
  PrefixTable::Value value;  ///< up to the next range's start
};

class Flattener {
 public:
  explicit Flattener(PrefixTable::Value otherwise) { ranges_.push_back({0, otherwise}); }

  /// Blocks come as sorted_blocks orders them. Prefixes nest or are disjoint, so the open ones form a stack.
  std::vector<Range> flatten(std::span<const Block> blocks) {
    const PrefixTable::Value otherwise = ranges_.front().value;
    for (const Block& block : blocks) {
      close_before(block.first, otherwise);
      start(block.first, block.value);
      open_.push_back(&block);
    }
    while (!open_.empty()) close_last(otherwise);
    return std::move(ranges_);
  }

 private:
  void close_before(Uint128 first, PrefixTable::Value otherwise) {
    while (!open_.empty() && open_.back()->last < first) close_last(otherwise);
  }
  void close_last(PrefixTable::Value otherwise) {
    const Uint128 last = open_.back()->last;
    open_.pop_back();
    if (last != ~Uint128{0}) start(last + 1, open_.empty() ? otherwise : open_.back()->value);
  }
  void start(Uint128 first, PrefixTable::Value value) {
    if (ranges_.back().first == first) {
      ranges_.back().value = value;
      if (ranges_.size() > 1 && ranges_[ranges_.size() - 2].value == value) ranges_.pop_back();
    } else if (ranges_.back().value != value) {
      ranges_.push_back({first, value});
    }
  }

  std::vector<Range> ranges_;
  std::vector<const Block*> open_;
};

}  // namespace

PrefixTable::PrefixTable(std::span<const Rule> rules, Value otherwise) {
  const std::vector<Block> blocks = sorted_blocks(rules);
  const std::vector<Range> ranges = Flattener(otherwise).flatten(blocks);

  trees_.emplace_back();  // of the upper halves, once they are known
  std::vector<Entry> uppers;
  for (std::size_t i = 0; i < ranges.size();) {
    const auto upper = static_cast<std::uint64_t>(ranges[i].first >> 64);
    // Where no range starts at the /64 itself, the one before reaches into it.
    std::vector<Entry> lowers;
    if (static_cast<std::uint64_t>(ranges[i].first) != 0) lowers.push_back({0, ranges[i - 1].value});
    for (; i < ranges.size() && static_cast<std::uint64_t>(ranges[i].first >> 64) == upper; ++i) {
      lowers.push_back({static_cast<std::uint64_t>(ranges[i].first), ranges[i].value});
    }
    if (lowers.size() == 1) {
      uppers.push_back({upper, lowers[0].value});
      continue;
    }
    uppers.push_back({upper, kFirstSubtree + static_cast<Value>(trees_.size())});
    trees_.push_back(add_tree(lowers));
    const bool next_has_own = i < ranges.size() && static_cast<std::uint64_t>(ranges[i].first >> 64) == upper + 1;
    if (upper != std::numeric_limits<std::uint64_t>::max() && !next_has_own) {
      uppers.push_back({upper + 1, lowers.back().value});
    }
  }
  trees_[0] = add_tree(uppers);
  nodes_.shrink_to_fit();
  values_.shrink_to_fit();
}

/// Places the entries in the order of an in-order walk. Places beyond the last entry repeat its value under the
/// greatest key, so that a search that ends there is right, too.
PrefixTable::Tree PrefixTable::add_tree(std::span<const Entry> ascending) {
  Tree tree{static_cast<std::uint32_t>(nodes_.size()),
            static_cast<std::uint32_t>((ascending.size() + kFanOut - 1) / kFanOut)};
  nodes_.resize(nodes_.size() + tree.size);
  values_.resize(nodes_.size());
  std::size_t next = 0;
  const auto fill = [&](const auto& self, std::size_t node) -> void {
    if (node >= tree.size) return;
    for (std::size_t i = 0; i < kFanOut; ++i) {
      self(self, node * (kFanOut + 1) + 1 + i);
      const bool beyond = next >= ascending.size();
      nodes_[tree.first + node].keys[i] = beyond ? std::numeric_limits<std::uint64_t>::max() : ascending[next].key;
      values_[tree.first + node][i] = beyond ? ascending.back().value : ascending[next].value;
      ++next;
    }
    self(self, node * (kFanOut + 1) + 1 + kFanOut);
  };
  fill(fill, 0);
  return tree;
}

std::size_t PrefixTable::size_bytes() const {
  return trees_.size() * sizeof(Tree) + nodes_.size() * sizeof(Node) + values_.size() * sizeof(Values);
}

}  // namespace penstock::net

#pragma once
// A doubly linked list through the entries of an array, by index: first in, first out, but any may leave.

#include <cstdint>

namespace penstock::port {

inline constexpr std::uint16_t kNoIndex = 0xffff;

/// An entry's place in one list.
struct IndexLink {
  std::uint16_t before = kNoIndex;
  std::uint16_t after = kNoIndex;
};

/// `Link` is the entry's member that this list goes through.
template <class Entry, IndexLink Entry::* Link>
struct IndexList {
  std::uint16_t first = kNoIndex;
  std::uint16_t last = kNoIndex;
  std::uint16_t size = 0;

  void push_back(Entry* entries, std::uint16_t i) {
    entries[i].*Link = {last, kNoIndex};
    (last == kNoIndex ? first : (entries[last].*Link).after) = i;
    last = i;
    ++size;
  }

  void remove(Entry* entries, std::uint16_t i) {
    const IndexLink link = entries[i].*Link;
    (link.before == kNoIndex ? first : (entries[link.before].*Link).after) = link.after;
    (link.after == kNoIndex ? last : (entries[link.after].*Link).before) = link.before;
    --size;
  }
};

}  // namespace penstock::port

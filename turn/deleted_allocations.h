#pragma once
// Remembers for a moment which five-tuples deleted their allocation or one of its two addresses, so that a
// retransmitted Refresh with lifetime 0 gets the answer of the first again and not 437 or 443.

#include <cstdint>

#include "dataplane/net/lazy_array.h"
#include "dataplane/stun/protocol.h"
#include "turn/guard/user_id.h"
#include "turn/host.h"

namespace penstock::turn {

/// A cache of fixed size; what falls out of it is answered 437, which clients take for success (RFC 8656 section 7.2).
class DeletedAllocations {
 public:
  explicit DeletedAllocations(std::uint64_t salt) : entries_(kEntries), salt_(salt) {}

  void add(const FiveTuple& client, const stun::TransactionId& id, const UserId& user, std::uint64_t now_ns) {
    entries_[slot(client)] = {client.remote, user, id, client.local, now_ns + kMemoryNs};
  }
  bool has(const FiveTuple& client, const stun::TransactionId& id, const UserId& user, std::uint64_t now_ns) const {
    const Entry& entry = entries_[slot(client)];
    return now_ns < entry.until_ns && entry.local == client.local && entry.remote == client.remote && entry.id == id &&
           entry.user == user;
  }

 private:
  // RFC 8489 section 6.3.1: a client retransmits for 39.5 s.
  static constexpr std::uint64_t kMemoryNs = 40'000'000'000;
  static constexpr std::size_t kEntries = 4096;

  struct Entry {
    net::Endpoint remote;
    UserId user;
    stun::TransactionId id;
    net::LocalId local;
    std::uint64_t until_ns;
  };
  std::size_t slot(const FiveTuple& client) const { return net::hash(client.remote, salt_ + client.local) % kEntries; }

  net::LazyArray<Entry> entries_;
  std::uint64_t salt_;
};

}  // namespace penstock::turn

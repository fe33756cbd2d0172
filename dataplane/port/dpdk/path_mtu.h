#pragma once
// Path MTUs below the interface's that ICMP told us of (RFC 1191, RFC 8201). Bounded: a hostile network can make
// entries collide, which costs a needless or a missing fragmentation, never memory.

#include <rte_random.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "dataplane/net/address.h"

namespace penstock::port {

class PathMtus {
 public:
  /// No path is believed to be narrower: Linux's min_pmtu, and IPv6's least MTU.
  static constexpr std::uint32_t kLeastV4 = 552;
  static constexpr std::uint32_t kLeastV6 = 1280;

  /// An ICMP error said that packets to `remote` must not be longer than `mtu` bytes of IP.
  void learn(const net::Address& remote, std::uint32_t mtu, std::uint64_t now_ns) {
    const std::uint32_t least = remote.is_v4() ? kLeastV4 : kLeastV6;
    Entry& e = entry(remote);
    // Never up before its time (RFC 8201 section 4): a forged error could undo a true one.
    const std::uint32_t known = now_ns < e.until_ns && e.remote == remote ? e.mtu : UINT32_MAX;
    e = {remote, std::min(known, std::max(mtu, least)), now_ns + kLifetimeNs};
    any_until_ns_ = e.until_ns;
  }

  /// The smaller of `mtu` and what is known of the path.
  std::uint32_t limit(const net::Address& remote, std::uint32_t mtu, std::uint64_t now_ns) const {
    if (now_ns >= any_until_ns_) return mtu;
    const Entry& e = entry(remote);
    return now_ns < e.until_ns && e.mtu < mtu && e.remote == remote ? e.mtu : mtu;
  }

 private:
  static constexpr std::uint64_t kLifetimeNs = 600'000'000'000;  // RFC 1191 section 6.3: ten minutes
  struct Entry {
    net::Address remote;
    std::uint32_t mtu = 0;
    std::uint64_t until_ns = 0;
  };

  std::size_t place(const net::Address& remote) const { return net::hash({remote, 0}, salt_) % entries_.size(); }
  Entry& entry(const net::Address& remote) { return entries_[place(remote)]; }
  const Entry& entry(const net::Address& remote) const { return entries_[place(remote)]; }

  std::uint64_t salt_ = rte_rand();  // nobody outside can aim at an entry
  std::array<Entry, 1024> entries_{};
  std::uint64_t any_until_ns_ = 0;
};

}  // namespace penstock::port

#pragma once
// How many answers anybody may make us send: token buckets per source, and a balance of bytes over all sources.

#include <cstddef>
#include <cstdint>

#include "dataplane/net/address.h"
#include "dataplane/net/lazy_array.h"
#include "turn/settings.h"

namespace penstock::turn {

/// Each class has its own bucket per source, so that a flood of one kind, spoofed with a victim's address, does not
/// silence the others for it.
enum class AnswerClass : std::uint8_t {
  binding,    ///< Binding success to a source without an allocation
  challenge,  ///< 400, 401, 438 to a source that has not shown a nonce of ours
  renewal,    ///< 401, 438 to one that has, and Binding success on the five-tuple of an allocation
};

enum class AnswerVerdict : std::uint8_t {
  send,
  source_limited,  ///< this source has had its share
  flood_limited,   ///< all sources together have
};

/// Not in the settings file: they follow from what an answer is. For the whole process; each worker has its part.
struct FloodLimits {
  std::uint32_t bytes_per_s = 16 * 1024;  ///< of unproved answers beyond what requests pay for
  std::uint32_t idle_bytes = 4 * 1024;    ///< of them in one go after a quiet time
  std::uint32_t most_bytes = 64 * 1024;   ///< that can be saved up from requests
  std::uint32_t reserve_bytes = 1024;     ///< kept for sources that ask again
};

/// One per worker; a worker sees about its share of each source's packets, so it grants its share of each rate. The
/// configured rates are those of challenges. Binding answers have four times as much, being small and asked for every
/// ten seconds by every socket behind a carrier's NAT; so have renewals, which cannot be reflections.
///
/// *Sources* (/32 of IPv4, /64 of IPv6) are kept in a table of fixed size, in sets of four that share a cache line. A
/// source without an entry is treated as one that has sent nothing, and gets the entry of its set that owes least.
/// Hence an attacker who sprays random sources displaces entries, but only those worth forgetting: a quiet source loses
/// nothing by being forgotten, and one under attack owes the most and stays. The price: with more than 65,536 sources
/// active within a bucket's depth (2 s) some are forgotten that owed a little, and get that little again.
///
/// *The balance* holds for all sources that have not proved their address. Half of each request's bytes are added,
/// each answer's bytes are taken, and so a flood, from however many sources, is answered with fewer bytes than it sent
/// as soon as it exceeds 32 KiB/s. An honest client pays for its challenge when it comes back with the nonce. So that
/// honest clients get through a flood that uses up the balance, its last part is kept for sources seen less than two
/// seconds ago: a client repeats its request after half a second, a spray does not come back so soon.
class AnswerLimiter {
 public:
  /// `salt`: random. `workers`: how many limiters share the rates.
  AnswerLimiter(const AnswerRateLimits& rates, unsigned workers, std::uint64_t salt, const FloodLimits& flood = {});

  /// After a reload; 0 per second: no limit. Sources keep what they owe.
  void set_rates(const AnswerRateLimits& rates);

  /// Called once per request that is to be answered, with the sizes of both (UDP payload). `send` has been charged.
  AnswerVerdict admit(AnswerClass kind, const net::Address& source, std::size_t request_bytes, std::size_t answer_bytes,
                      std::uint64_t now_ns);

  /// An Allocate has authenticated: its bytes pay for the challenge that led to it, which was no reflection.
  void allocate_authenticated(std::size_t request_bytes);

  std::size_t size_bytes() const { return sets_.size() * sizeof(Set); }

 private:
  /// Generic cell rate: a bucket is the time at which it will be full again.
  struct Entry {
    std::uint64_t tag;  ///< hash of class and source; 0: free
    std::uint64_t full_at_ns;
  };
  static constexpr std::size_t kWays = 4;
  struct alignas(64) Set {
    Entry entries[kWays];
  };
  static constexpr std::size_t kSets = 16384;
  static constexpr std::uint64_t kAskedAgainNs = 2'000'000'000;
  struct Rate {
    std::uint64_t answer_ns = 0;  ///< in which one answer is earned; 0: no limit
    std::uint64_t depth_ns = 0;   ///< of a bucket
  };
  struct Found {
    Entry* entry;
    bool known;
  };

  std::uint64_t tag(AnswerClass kind, const net::Address& source) const;
  Found find(std::uint64_t tag);
  Rate rate(std::uint64_t per_s, std::uint32_t burst_s) const;
  bool flood_admits(bool asked_before, std::size_t answer_bytes);
  void refill(std::uint64_t now_ns);

  net::LazyArray<Set> sets_;
  std::uint64_t salt_;
  unsigned workers_;
  /// [of IPv6][not a challenge]
  Rate rates_[2][2];
  // The balance, in bytes; a worker's part of FloodLimits.
  std::uint64_t bytes_per_s_;
  std::int64_t idle_bytes_;
  std::int64_t most_bytes_;
  std::int64_t reserve_bytes_;
  std::int64_t balance_bytes_;
  std::uint64_t refilled_ns_ = 0;
};

}  // namespace penstock::turn

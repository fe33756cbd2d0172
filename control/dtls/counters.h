#pragma once
// What a handshake thread counts. One writer, the thread; metrics read at any time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/dtls/peer.h"
#include "dataplane/net/counter.h"

namespace penstock::control::dtls {

/// What became of a datagram. Every one is counted once.
enum class Fate : std::uint8_t {
  handled,             ///< received: OpenSSL had it
  pair_ready,          ///< received: no datagram but the worker's word that a pair is checked
  sent,                ///< to the worker
  unknown_endpoint,    ///< received: no such slot, or of another generation
  malformed,           ///< received: not a row of whole DTLS records
  over_rate,           ///< received: more than Options::datagrams_per_s of its endpoint
  too_busy,            ///< received: Options::most_sessions are open; the peer will send it again
  application_data,    ///< received: only that, for which there is no use here
  early_encrypted,     ///< received: more encrypted records than belong before the end of a handshake
  no_association,      ///< received: begins none, or the association ended, or its session was freed; no goodbye
  goodbye,             ///< received: an authentic alert that ended an association whose session was freed
  backlog_overflowed,  ///< to be sent: the worker's lane and the backlog behind it are full
  count_
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Fate::count_)> kFateNames = {
    "handled",         "pair_ready",     "sent",     "unknown_endpoint",
    "malformed",       "over_rate",      "too_busy", "application_data",
    "early_encrypted", "no_association", "goodbye",  "backlog_overflowed"};

struct Counters {
  std::array<net::Counter, static_cast<std::size_t>(Result::count_)> results;
  std::array<net::Counter, static_cast<std::size_t>(Fate::count_)> datagrams;
  std::array<net::Counter, srtp::kProfileCount> profiles;  ///< of `secured`, by srtp::Profile
  net::Counter endpoints;                                  ///< now: added and not removed
  net::Counter sessions;                                   ///< now: of them with an OpenSSL session (74 KB each)
  net::Counter retransmissions;                            ///< flights sent again because a timer ran out
  net::Counter cpu_ns;                                     ///< of the thread, since its start

  net::Counter& of(Result result) { return results[static_cast<std::size_t>(result)]; }
  const net::Counter& of(Result result) const { return results[static_cast<std::size_t>(result)]; }
  net::Counter& of(Fate fate) { return datagrams[static_cast<std::size_t>(fate)]; }
  const net::Counter& of(Fate fate) const { return datagrams[static_cast<std::size_t>(fate)]; }
};

}  // namespace penstock::control::dtls

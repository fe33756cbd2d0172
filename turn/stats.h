#pragma once
// What the TURN service counts on each worker; metrics read it live. Labels stay bounded: never a user, never an
// address.

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/net/counter.h"

namespace penstock::turn {

/// How requests end, besides success.
inline constexpr std::array<std::uint16_t, 13> kErrorCodes = {400, 401, 403, 420, 437, 438, 440,
                                                              441, 442, 443, 486, 500, 508};

enum class Method : std::uint8_t { binding, allocate, refresh, create_permission, channel_bind, count_ };
inline constexpr std::array<std::string_view, 5> kMethodNames = {"binding", "allocate", "refresh", "create_permission",
                                                                 "channel_bind"};

/// Why an allocation ended.
enum class EndReason : std::uint8_t { refresh_zero, expired, drained, revoked, operator_ended, count_ };
inline constexpr std::array<std::string_view, 5> kEndReasonNames = {"refresh_zero", "expired", "drained", "revoked",
                                                                    "operator"};

struct Stats {
  struct Direction {
    net::Counter packets, bytes;  // UDP payload without TURN framing
  };
  Direction to_peer, to_client;

  std::array<net::Counter, 5> requests;  // by Method
  std::array<net::Counter, 5> successes;
  std::array<net::Counter, 13> errors;  // by kErrorCodes
  net::Counter retransmitted_requests;  // answered from memory
  std::array<net::Counter, 5> ended;    // by EndReason

  net::Counter allocations, allocations_capacity;  // gauges from here on
  net::Counter allocations_pending;                // waiting for another worker's word
  net::Counter allocations_draining;               // ended, record not yet taken by control
  net::Counter reservations;
  net::Counter permissions, permissions_capacity;
  net::Counter channels, channels_capacity;
  net::Counter users;  // with at least one allocation

  net::Counter authentication_failures;  // MESSAGE-INTEGRITY wrong or user unknown
  net::Counter nonces_issued, nonces_stale;
  net::Counter answers_rate_limited;
  net::Counter hairpin_packets;
  net::Counter icmp_indications;
  net::Counter port_in_use_retries;
  net::Counter quota_denied;
  net::Counter permissions_revoked;  // by a reload
  net::Counter messages_lost;        // to other workers: 0, or an outbox is too small
};

}  // namespace penstock::turn

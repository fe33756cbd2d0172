#pragma once
// One allocation (RFC 8656 section 2.2): what relaying needs in two cache lines, the rest apart.

#include <array>
#include <cstdint>

#include "dataplane/net/packet.h"
#include "dataplane/stun/attributes.h"
#include "dataplane/stun/protocol.h"
#include "turn/pool.h"
#include "turn/records.h"
#include "turn/relay_directory.h"
#include "turn/relay_ports.h"

namespace penstock::turn {

enum class AllocationState : std::uint8_t {
  free,
  live,
  ended,  ///< nothing is relayed any more; the slot waits until control has taken the record
};

/// IPv4 is 0, IPv6 is 1 in every array by address family.
constexpr std::size_t family_index(net::Family family) {
  return static_cast<std::size_t>(family);
}

/// Each direction of relaying reads and writes one line only.
struct alignas(64) Allocation {
  // Towards the client.
  net::Endpoint client;
  net::LocalId listener = net::kNoLocal;
  net::PathId client_path = net::kNoPath;
  std::uint64_t expires_ns = 0;
  Traffic to_client;
  std::uint32_t share = kNone;   ///< the user's entry on this worker
  std::uint32_t generation = 0;  ///< counts the allocations this slot has held

  // Towards peers.
  alignas(64) Traffic to_peer;
  std::uint64_t to_peer_until_ns = 0;                                  ///< expires_ns again
  std::array<net::LocalId, 2> relay = {net::kNoLocal, net::kNoLocal};  ///< by family
  std::array<RelayPort, 2> ports{};                                    ///< by family; stay for the record when unbound
  std::uint32_t first_permission = kNone;
  std::uint32_t first_channel = kNone;
  std::uint16_t permissions = 0;
  std::uint16_t channels = 0;
  std::uint32_t next = kNone;  ///< the pool's
  AllocationState state = AllocationState::free;

  bool has(net::Family family) const { return relay[family_index(family)] != net::kNoLocal; }
  BoundPort bound(std::size_t family) const { return {ports[family], relay[family]}; }

  void live_until(std::uint64_t ns) {
    expires_ns = ns;
    to_peer_until_ns = ns;
  }
  // An allocation that has ended has expired, too.
  bool live_at(std::uint64_t now_ns) const { return now_ns < expires_ns; }
  bool sends_at(std::uint64_t now_ns) const { return now_ns < to_peer_until_ns; }
};
static_assert(sizeof(Allocation) == 128);

/// What the Allocate success answer said, to say it again when the request is retransmitted (RFC 8656 section 7.2).
struct AllocateAnswer {
  stun::TransactionId transaction_id{};
  std::uint32_t lifetime_s = 0;
  stun::ReservationToken token{};
  bool has_token = false;
  std::uint16_t address_error = 0;  ///< ADDRESS-ERROR-CODE; 0: none
  net::Family address_error_family = net::Family::v4;
};

/// Read by requests and when the allocation ends.
struct AllocationFacts {
  std::uint64_t created_ns = 0;
  std::uint64_t ended_ns = 0;
  AllocateAnswer answer;
  EndReason reason = EndReason::expired;
  bool static_user = false;     ///< not one with ephemeral credentials
  bool released_user = false;   ///< once ended: the user's home has been told
  bool released_total = false;  ///< and so has everybody's
  bool recorded = false;        ///< and control has the record
};
static_assert(sizeof(AllocationFacts) == 56);

}  // namespace penstock::turn

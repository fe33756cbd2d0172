#pragma once
// What an operator asks a worker about its allocations: which there are, and to end one. Control owns the question and
// the room for the answer; the worker writes into it during one message, a bounded amount, and says when it is done.

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "dataplane/net/address.h"
#include "turn/pool.h"
#include "turn/records.h"

namespace penstock::turn {

struct Core;

/// One live allocation.
struct AllocationRow {
  std::uint64_t id = 0;  ///< as in EndedRecord
  net::Endpoint client;
  net::Endpoint server;                    ///< the listening endpoint the client uses
  std::array<net::Endpoint, 2> relayed{};  ///< advertised form, by address family; else port 0
  Traffic to_peer, to_client;
  std::uint64_t age_ms = 0;
  std::uint64_t lifetime_ms = 0;  ///< that is left
  std::uint16_t permissions = 0;
  std::uint16_t channels = 0;
  std::uint8_t worker = 0;
  std::uint16_t user_size = 0;
  std::array<char, 124> user{};  ///< the user (without timestamp), cut to what fits

  std::string_view user_name() const { return {user.data(), user_size}; }
};
static_assert(std::is_trivially_copyable_v<AllocationRow>);

/// Table entries looked at for one message, at most, so that no pass takes long.
inline constexpr std::uint32_t kEntriesPerSurvey = 2048;

struct Survey {
  // Asked.
  std::uint32_t from = 0;         ///< table index
  std::uint64_t only = 0;         ///< an allocation's id: that one alone; 0: all from `from` on
  std::span<AllocationRow> rows;  ///< room for the answer

  // Answered.
  std::uint32_t found = 0;
  std::uint32_t next = kNone;  ///< index to go on from; kNone: that was all
  std::atomic<bool> done = false;
};

struct EndOrder {
  std::uint64_t id = 0;
  bool ended = false;  ///< false: there is none with this id
  std::atomic<bool> done = false;
};

/// Which worker an allocation lives on.
constexpr std::uint16_t worker_of(std::uint64_t allocation_id) {
  return static_cast<std::uint16_t>(allocation_id >> 56);
}

void answer_survey(Core& core, Survey& survey);
void carry_out(Core& core, EndOrder& order);

}  // namespace penstock::turn

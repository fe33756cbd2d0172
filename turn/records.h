#pragma once
// The one record per ended allocation that control writes for billing.

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "dataplane/net/address.h"
#include "turn/stats.h"

namespace penstock::turn {

struct Traffic {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  ///< UDP payload without TURN framing
};

/// Travels from worker to control by value. A worker keeps the allocation until its record is taken, so none is lost.
struct EndedRecord {
  std::uint64_t id = 0;  ///< unique over the life of the process
  std::uint64_t duration_ms = 0;
  net::Endpoint client;
  net::Endpoint server;                    ///< the listening endpoint the client used
  std::array<net::Endpoint, 2> relayed{};  ///< advertised form; second: ADDITIONAL-ADDRESS-FAMILY, else port 0
  Traffic to_peer, to_client;
  EndReason reason = EndReason::expired;
  std::uint8_t worker = 0;
  std::uint16_t user_size = 0;
  std::array<char, 124> user{};  ///< the user (without timestamp), cut to what fits

  std::string_view user_name() const { return {user.data(), user_size}; }
};
static_assert(std::is_trivially_copyable_v<EndedRecord> && sizeof(EndedRecord) % 4 == 0);

}  // namespace penstock::turn

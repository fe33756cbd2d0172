#pragma once
// User names that carry their own expiry: what signaling servers issue with shared-secret credentials
// (draft-uberti-behave-turn-rest-00 section 2.2, and what coturn makes of it).

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::turn {

struct EphemeralName {
  std::uint64_t expires_unix_s = 0;
  std::string_view name;  ///< whom limits count: the part that is not the timestamp
};

/// "EXPIRY:NAME", "EXPIRY" and, as coturn accepts it too, "NAME:EXPIRY". Everything behind the first colon is NAME if
/// all before it are digits, so NAME may contain colons; in the third form it may not. A bare EXPIRY is a user of its
/// own: each such credential is counted alone, because nothing says whose it is. Nothing if the name has none of these
/// forms. This only reads: whether the name is genuine is what its password proves.
std::optional<EphemeralName> parse_ephemeral_name(std::string_view user_name);

}  // namespace penstock::turn

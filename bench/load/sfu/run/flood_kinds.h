#pragma once
// What hostile or unlucky clients do.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::load::sfu {

enum class Flood : std::uint8_t {
  feedback,       ///< viewers NACK everything and ask for key frames every few milliseconds
  stun,           ///< connectivity checks from strangers with a forged key
  dtls,           ///< DTLS records from strangers, and from an endpoint that was checked
  media,          ///< SRTP that does not decrypt, from strangers and from an endpoint that has keys
  dead_link,      ///< a viewer that hears nothing any more and says nothing
  closed_port,    ///< a viewer that is gone: ICMP errors come back
  fat_publisher,  ///< a camera with ten times its bit rate
};
inline constexpr std::array<std::string_view, 7> kFloodNames = {"feedback",  "stun",        "dtls",         "media",
                                                                "dead_link", "closed_port", "fat_publisher"};

constexpr std::string_view name_of(Flood flood) {
  return kFloodNames[static_cast<std::size_t>(flood)];
}
inline std::vector<std::string> flood_names() {
  return {kFloodNames.begin(), kFloodNames.end()};
}

}  // namespace penstock::load::sfu

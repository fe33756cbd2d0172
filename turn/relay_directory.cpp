#include "turn/relay_directory.h"

#include <algorithm>

namespace penstock::turn {

RelayDirectory::RelayDirectory(const FixedSettings& settings)
    : addresses_(settings.relay_addresses),
      port_min_(std::max<std::uint16_t>(settings.port_min, 1)),
      ports_(settings.port_max >= port_min_ ? settings.port_max - port_min_ + 1U : 0U),
      owners_(new std::atomic<std::uint8_t>[addresses_.size() * ports_]),
      claimed_(new std::atomic<std::uint32_t>[addresses_.size()]()) {
  for (std::size_t i = 0; i < addresses_.size() * ports_; ++i) owners_[i].store(kFree, std::memory_order_relaxed);
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    const auto is_twin = [&](const RelayAddress& other) { return other.advertised == addresses_[i].advertised; };
    ambiguous_ |= std::any_of(addresses_.begin(), addresses_.begin() + static_cast<std::ptrdiff_t>(i), is_twin);
  }
}

std::optional<RelayPort> RelayDirectory::find(const net::Endpoint& advertised) const {
  if (advertised.port < port_min_ || advertised.port >= port_min_ + ports_) return std::nullopt;
  std::optional<RelayPort> found;
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    if (addresses_[i].advertised != advertised.address) continue;
    found = RelayPort{advertised.port, static_cast<std::uint8_t>(i)};
    if (owner(*found) != kFree) break;  // several relay addresses may be advertised as one
  }
  return found;
}

bool RelayDirectory::is_advertised(const net::Address& address) const {
  return std::any_of(addresses_.begin(), addresses_.end(),
                     [&](const RelayAddress& relay) { return relay.advertised == address; });
}

}  // namespace penstock::turn

#pragma once
// What a completion of the receive ring is about, in its 64 bits of user data: kind, generation, local id.

#include <cstdint>

#include "dataplane/net/packet.h"

namespace penstock::port {

inline constexpr std::uint64_t kReceiveKind = std::uint64_t{1} << 56;
inline constexpr std::uint64_t kWake = std::uint64_t{2} << 56;
/// Nobody waits for it.
inline constexpr std::uint64_t kIgnored = std::uint64_t{3} << 56;

/// The receive of `local`, of a generation of at most 24 bits.
constexpr std::uint64_t receive_tag(net::LocalId local, std::uint32_t generation) {
  return kReceiveKind | std::uint64_t{generation} << 32 | local;
}
constexpr bool is_receive(std::uint64_t tag) {
  return tag >> 56 == kReceiveKind >> 56;
}
constexpr net::LocalId local_of(std::uint64_t tag) {
  return static_cast<net::LocalId>(tag);
}
constexpr std::uint32_t generation_of(std::uint64_t tag) {
  return static_cast<std::uint32_t>(tag >> 32) & 0xffffff;
}

}  // namespace penstock::port

#pragma once
// Synchronisation source identifiers (RFC 3550 section 8).

#include <cstdint>

namespace penstock::rtp {

/// The 32-bit name of one stream. Compare and hash it; there is no arithmetic on it. Any value is valid on the wire, 0
/// too, so code that needs "none" says so beside it.
enum class Ssrc : std::uint32_t {};

constexpr std::uint32_t to_wire(Ssrc ssrc) {
  return static_cast<std::uint32_t>(ssrc);
}

}  // namespace penstock::rtp

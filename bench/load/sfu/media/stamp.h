#pragma once
// What every payload of ours carries, so that whoever receives it knows when and as what it was sent, and that it is
// whole: a stamp, and a body that follows from the stamp.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace penstock::load::media {

/// Both ends are this machine, so host byte order will do.
struct Stamp {
  std::uint64_t sent_ns = 0;  ///< CLOCK_MONOTONIC when it was first sent; a retransmission keeps it
  std::uint32_t source = 0;   ///< source_of(track, encoding)
  std::uint32_t number = 0;   ///< the packet's in its encoding: low bits of its SRTP index

  friend bool operator==(const Stamp&, const Stamp&) = default;
};
inline constexpr std::size_t kStampBytes = sizeof(Stamp);
static_assert(kStampBytes == 16);

constexpr std::uint32_t source_of(std::uint32_t track, std::uint32_t encoding) {
  return track << 4 | encoding;
}
constexpr std::uint32_t track_of(std::uint32_t source) {
  return source >> 4;
}
constexpr std::uint32_t encoding_of(std::uint32_t source) {
  return source & 15;
}

/// Fills `out`, of at least kStampBytes, with the stamp and its body.
void write_stamped(std::span<std::uint8_t> out, const Stamp& stamp);
/// Nothing if `in` is too short, or its body is not the stamp's: damaged, mixed up, or somebody else's.
std::optional<Stamp> read_stamped(std::span<const std::uint8_t> in);

}  // namespace penstock::load::media

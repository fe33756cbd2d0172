#include "bench/load/sfu/media/stamp.h"

#include <array>
#include <cstring>

namespace penstock::load::media {
namespace {

constexpr std::size_t kOffsets = 4096;
constexpr std::size_t kLongestBody = 2048;

/// Bytes without a pattern that a shift by a few of them could hide.
const std::array<std::uint8_t, kOffsets + kLongestBody>& noise() {
  static const auto noise = [] {
    std::array<std::uint8_t, kOffsets + kLongestBody> bytes{};
    std::uint64_t state = 0x9e3779b97f4a7c15;
    for (auto& byte : bytes) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      byte = static_cast<std::uint8_t>(state >> 32);
    }
    return bytes;
  }();
  return noise;
}

/// Where in the noise the body of a stamp begins.
const std::uint8_t* body_of(const Stamp& stamp) {
  const std::uint64_t mixed = (std::uint64_t{stamp.source} << 32 | stamp.number) * 0x9e3779b97f4a7c15;
  return noise().data() + (mixed >> 52) % kOffsets;
}

}  // namespace

void write_stamped(std::span<std::uint8_t> out, const Stamp& stamp) {
  std::memcpy(out.data(), &stamp, kStampBytes);
  std::memcpy(out.data() + kStampBytes, body_of(stamp), out.size() - kStampBytes);
}

std::optional<Stamp> read_stamped(std::span<const std::uint8_t> in) {
  if (in.size() < kStampBytes || in.size() > kLongestBody) return std::nullopt;
  Stamp stamp;
  std::memcpy(&stamp, in.data(), kStampBytes);
  if (std::memcmp(in.data() + kStampBytes, body_of(stamp), in.size() - kStampBytes) != 0) return std::nullopt;
  return stamp;
}

}  // namespace penstock::load::media

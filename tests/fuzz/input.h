#pragma once
// Reads a fuzzer's bytes as choices. When they run out every choice is 0, so any input is a whole one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace penstock::fuzz {

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
  std::uint32_t long_word() { return std::uint32_t{word()} << 16 | word(); }
  /// 0 ... bound - 1, for bounds up to 256.
  std::size_t below(std::size_t bound) { return byte() % bound; }
  bool flag() { return (byte() & 1) != 0; }
  /// A length of one byte and as many bytes as there are; seldom a long one.
  std::vector<std::uint8_t> blob() {
    std::size_t size = byte();
    if (size == 255) size = word();
    size = std::min(size, left_.size());
    std::vector<std::uint8_t> out(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(size));
    left_ = left_.subspan(size);
    return out;
  }

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace penstock::fuzz

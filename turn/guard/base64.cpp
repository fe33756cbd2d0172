#include "turn/guard/base64.h"

#include <cstdint>

namespace penstock::turn {

std::string_view base64(stun::Bytes bytes, std::span<char> out) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* to = out.data();
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group = std::uint32_t{bytes[i]} << 16 | (left > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0) |
                                (left > 2 ? std::uint32_t{bytes[i + 2]} : 0);
    *to++ = kDigits[group >> 18];
    *to++ = kDigits[group >> 12 & 63];
    *to++ = left > 1 ? kDigits[group >> 6 & 63] : '=';
    *to++ = left > 2 ? kDigits[group & 63] : '=';
  }
  return {out.data(), base64_size(bytes.size())};
}

}  // namespace penstock::turn

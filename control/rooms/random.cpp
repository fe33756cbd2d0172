#include "control/rooms/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace penstock::control::rooms {

void fill_random(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();  // no entropy: better no service than guessable passwords
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  fill_random({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
  return number;
}

std::string random_ice_text(std::size_t size) {
  constexpr std::string_view kIceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static_assert(kIceChars.size() == 64);
  std::string text(size, '\0');
  fill_random({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  for (char& c : text) c = kIceChars[static_cast<std::uint8_t>(c) & 63];
  return text;
}

}  // namespace penstock::control::rooms

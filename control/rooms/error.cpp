#include "control/rooms/error.h"

#include <array>

namespace penstock::control::rooms {

std::string_view name(ErrorKind kind) {
  static constexpr std::array<std::string_view, kErrorKindCount> kNames = {
      "invalid", "not-found", "conflict", "precondition-failed", "limit", "busy"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace penstock::control::rooms

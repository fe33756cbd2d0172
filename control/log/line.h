#pragma once
// How a log line reads.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/log/log.h"

namespace penstock::control {

struct Line {
  std::string_view time;  ///< RFC 3339
  LogLevel level;
  std::string_view kind, message;
  std::span<const Field> fields;
  std::uint64_t suppressed = 0;  ///< lines of this kind left out before this one
};

std::string as_text(const Line& line);
std::string as_json(const Line& line);

/// Quoted, and escaped so that it stays on one line; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace penstock::control

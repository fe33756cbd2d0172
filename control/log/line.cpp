#include "control/log/line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace penstock::control {
namespace {

std::string_view name(LogLevel level) {
  return kLogLevelNames[static_cast<std::size_t>(level)];
}

// Bare when nothing in it could be mistaken for the line's own syntax.
std::string text_value(const std::string& value) {
  const bool bare = !value.empty() && value.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789.:/[]-_%+@,") == std::string::npos;
  return bare ? value : json_string(value);
}

std::string value_of(const Field& field, bool json) {
  return std::visit(
      [&]<class T>(const T& value) {
        if constexpr (std::is_same_v<T, std::string>) {
          return json ? json_string(value) : text_value(value);
        } else {
          return fmt::format("{}", value);
        }
      },
      field.value);
}

}  // namespace

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string as_text(const Line& line) {
  std::string out = fmt::format("{} {} {} {}", line.time, name(line.level), line.kind, json_string(line.message));
  for (const Field& field : line.fields) out += fmt::format(" {}={}", field.key, value_of(field, false));
  if (line.suppressed > 0) out += fmt::format(" suppressed={}", line.suppressed);
  return out;
}

std::string as_json(const Line& line) {
  std::string out = fmt::format(R"({{"time":"{}","level":"{}","event":{},"message":{})", line.time, name(line.level),
                                json_string(line.kind), json_string(line.message));
  for (const Field& field : line.fields) {
    out += fmt::format(",{}:{}", json_string(field.key), value_of(field, true));
  }
  if (line.suppressed > 0) out += fmt::format(R"(,"suppressed":{})", line.suppressed);
  return out + "}";
}

}  // namespace penstock::control

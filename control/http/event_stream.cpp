#include "control/http/event_stream.h"

#include <algorithm>

namespace penstock::control::http {
namespace {

// EventSource takes CR, LF and CRLF for line ends; a field must not hold one.
std::string_view one_line(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

void add_field(std::string& wire, std::string_view name, std::string_view value) {
  wire.append(name).append(": ").append(value).append("\n");
}

}  // namespace

std::string to_wire(const Event& event) {
  std::string wire;
  wire.reserve(event.data.size() + event.id.size() + event.type.size() + 32);
  if (!event.id.empty()) add_field(wire, "id", one_line(event.id));
  if (!event.type.empty()) add_field(wire, "event", one_line(event.type));
  std::string_view rest = event.data;
  for (;;) {
    const auto end = rest.find_first_of("\r\n");
    add_field(wire, "data", rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return wire += '\n';
}

}  // namespace penstock::control::http

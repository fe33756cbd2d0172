#include "control/http/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "control/http/problem.h"

namespace penstock::control::http {
namespace {

bool is_safe(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; });
}

// RFC 9110 section 5.6.7; the locale of the process is never set, so day and month are English.
std::string http_date() {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time(nullptr)));
}

bool has_no_body(unsigned status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

std::string response_head(const Response& response, const Framing& framing) {
  std::string head = fmt::format("HTTP/1.{} {} {}\r\nDate: {}\r\n", framing.version % 10, response.status,
                                 reason_phrase(response.status), http_date());
  const auto field = [&](std::string_view name, std::string_view value) {
    if (is_safe(name) && is_safe(value)) head.append(name).append(": ").append(value).append("\r\n");
  };
  if (!has_no_body(response.status)) {
    if (framing.content_length != 0U) field("Content-Type", response.content_type);
    if (framing.content_length) {
      field("Content-Length", fmt::format("{}", *framing.content_length));
    } else if (framing.version == 11) {
      field("Transfer-Encoding", "chunked");
    }
  }
  if (!response.headers.contains("Cache-Control")) field("Cache-Control", "no-store");
  field("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) field(name, value);
  if (!framing.keep_alive) {
    field("Connection", "close");
  } else if (framing.version == 10) {
    field("Connection", "keep-alive");
  }
  return head += "\r\n";
}

}  // namespace penstock::control::http

#pragma once
// The status line and header fields of a response. Private to control/http.

#include <optional>
#include <string>

#include "control/http/message.h"

namespace penstock::control::http {

struct Framing {
  unsigned version = 11;  ///< 10 or 11
  bool keep_alive = false;
  std::optional<std::size_t> content_length{};  ///< nothing: a body that ends with its last chunk or the connection
};

/// Up to and with the empty line. Fields that would break it (line breaks in what a handler put there) are left out.
std::string response_head(const Response& response, const Framing& framing);

}  // namespace penstock::control::http

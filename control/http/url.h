#pragma once
// Where a client connects, and what it asks for there.

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::control::http {

struct Url {
  enum class Scheme : std::uint8_t { http, https, http_unix };
  Scheme scheme = Scheme::http;
  std::string host;    ///< without brackets; of http_unix: the path of the socket
  std::string port;    ///< "80" or "443" when the URL has none; empty for http_unix
  std::string target;  ///< path and query, at least "/"

  /// As a Host field says it: with brackets and with the port unless it is the scheme's own.
  std::string authority() const;
};

/// The error is a sentence with the text.
tl::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace penstock::control::http

#pragma once
// A blocking client, for penstockctl and tests: one request, one answer.

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "control/http/message.h"

namespace penstock::control::http {

/// What to ask.
struct Call {
  std::string method = "GET";
  /// "http://ADDRESS[:PORT]/PATH", "https://...", or "http+unix://%2Fpath%2Fof%2Fsocket/PATH"; ADDRESS is numeric or a
  /// host name.
  std::string url;
  std::string body{};
  std::string content_type = "application/json";  ///< of the body; not sent without one
  Headers headers{};
  std::string bearer_token{};  ///< empty: none
};

/// Whom to believe and who we are, for https.
struct ClientTls {
  std::string ca_file{};      ///< PEM; empty: the system's
  std::string certificate{};  ///< PEM, ours; empty: none
  std::string key{};
};

/// Blocks for at most `timeout`. An answer of any status is a value; the error says that there was none.
tl::expected<Response, std::string> send(const Call& call, std::chrono::milliseconds timeout,
                                         const ClientTls& tls = {});
inline tl::expected<Response, std::string> get(std::string_view url, std::chrono::milliseconds timeout) {
  return send({.url = std::string(url)}, timeout);
}

/// The URL of a Unix socket, for "/PATH" to be put behind.
std::string unix_url(std::string_view socket_path);

}  // namespace penstock::control::http

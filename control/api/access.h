#pragma once
// Who may use the API.

#include <array>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/http/router.h"
#include "control/http/server.h"

namespace penstock::control::api {

/// What a client may show. Neither: only listeners on loopback or a Unix socket are possible.
struct Access {
  std::vector<std::string> tokens;   ///< bearer tokens, several for rotation; at least kShortestToken characters each
  bool client_certificates = false;  ///< any that the listener's client CA has signed
};
inline constexpr std::size_t kShortestToken = 16;

/// One token per line; empty lines and lines that begin with '#' are skipped. The error names the file and line.
tl::expected<std::vector<std::string>, std::string> read_tokens(const std::string& file);

/// Whether the API may be served there: without TLS and something to show, only on loopback and Unix sockets. The error
/// says what to configure.
tl::expected<void, std::string> check_exposure(const http::Listener& listener, const Access& access);

/// Whether it is this host. 127/8 and ::1.
bool is_loopback(const net::Address& address);

/// The 403 for who comes without credentials to a listener on loopback: from elsewhere, under a name that DNS could
/// turn, or by a page of another origin in somebody's browser.
std::optional<http::Response> refuse_strangers(const http::Request& request);

/// Middleware. A Unix socket is guarded by its file's mode. Over TCP a token or a client certificate is asked for
/// whenever any is configured. Where none is, only loopback clients come in, and browsers only from pages of the very
/// address they ask: a page of another site can make a browser talk to loopback, and DNS can call 127.0.0.1 anything.
class Gate {
 public:
  explicit Gate(const Access& access) { replace(access); }
  /// After a reload.
  void replace(const Access& access);

  /// Nothing when the client may pass, or the 401 or 403.
  std::optional<http::Response> refusal(const http::Request& request) const;
  /// Around a router; the gate outlives it.
  http::Middleware middleware() const;

 private:
  using Digest = std::array<unsigned char, 32>;

  bool knows(std::string_view token) const;

  std::vector<Digest> tokens_;  // SHA-256, so that comparing them takes the same time whatever was sent
  bool client_certificates_ = false;
};

}  // namespace penstock::control::api

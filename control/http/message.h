#pragma once
// What handlers see of HTTP: a request in, a response out.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/http/headers.h"
#include "dataplane/net/address.h"

namespace penstock::control::http {

class EventStream;

enum class Carrier : std::uint8_t { tcp, tls, unix_socket };

/// Who asks.
struct Client {
  Carrier carrier = Carrier::tcp;
  net::Endpoint address{};            ///< unspecified behind a Unix socket
  std::string certificate_subject{};  ///< RFC 2253 ("CN=signaling,O=Example") of a certificate that the listener's
                                      ///< client CA signed; empty: none was shown

  bool has_certificate() const { return !certificate_subject.empty(); }
};

/// The value of each {name} of a path pattern, percent-decoded.
using PathParameters = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  ///< "GET", ...
  std::string path;    ///< without the query, as sent
  std::string query;   ///< behind the '?', as sent, may be empty
  std::string body{};
  Headers headers{};
  Client client{};
  PathParameters parameters{};  ///< filled in by the router

  std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
  /// What {name} of the matching pattern stood for; empty for a name that the pattern does not have.
  const std::string& parameter(std::string_view name) const;
  /// The first "name=value" of the query, decoded ('+' is a space); nothing when absent or not decodable.
  std::optional<std::string> query_parameter(std::string_view name) const;
  /// The media type of the body in lower case, without its parameters: "application/json"; empty without Content-Type.
  std::string media_type() const;
  /// The credentials of "Authorization: Bearer ..." (RFC 6750 section 2.1), not the scheme.
  std::optional<std::string_view> bearer_token() const;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  Headers headers{};  ///< Content-Length, Connection and Date are the server's; Cache-Control is no-store unless given
  /// When set, the response is an unending stream of server-sent events: called once, when its head is on the way.
  /// `status` is 200 then; `body` and `content_type` are not used. Not called for a HEAD.
  std::function<void(std::shared_ptr<EventStream>)> stream{};
  /// When set, the response comes later: called once, with what takes it (once; more are ignored), on the control
  /// thread. Only `headers` of this response are used; they are added. After Limits::response_timeout the client is
  /// given up.
  std::function<void(std::function<void(Response)> reply)> later{};
};

}  // namespace penstock::control::http

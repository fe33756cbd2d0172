#pragma once
// An HTTP/1.1 server on the control thread: asynchronous, bounded in connections, bytes and time, so that no client can
// hold it up. One server is one listening socket: TCP, TLS or Unix.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <variant>

#include "control/http/router.h"
#include "control/http/tls.h"
#include "dataplane/net/address.h"

namespace boost::asio {
class io_context;
}

namespace penstock::control::http {

/// The same for every kind of listener.
struct Limits {
  std::size_t connections = 64;  ///< one more, and the one idle for longest is closed
  std::size_t streams = 16;      ///< of them event streams, which are never closed for being idle; one more gets a 503
  std::uint32_t header_bytes = 8192;
  std::uint64_t body_bytes = 65536;
  std::chrono::milliseconds request_timeout{5000};   ///< from connect or the last response to a whole request
  std::chrono::milliseconds response_timeout{5000};  ///< for the client to take a response
  std::size_t stream_backlog_bytes = 262'144;        ///< that a client may leave untaken
  std::chrono::milliseconds stream_stall{10'000};    ///< for the client to take what was written at once
  std::chrono::milliseconds stream_heartbeat{15'000};
};

/// A Unix socket. A file in its place is removed only if it is a socket that nobody answers on.
struct UnixAddress {
  std::string path;
  unsigned mode = 0660;
};

struct Listener {
  std::variant<net::Endpoint, UnixAddress> address;  ///< port 0: any
  std::shared_ptr<Tls> tls{};                        ///< none: plain HTTP. Not with a Unix socket
};

/// Since the start; all of the control thread.
struct ServerCounters {
  std::uint64_t accepted = 0;          ///< connections
  std::uint64_t evicted = 0;           ///< idle ones closed to make room
  std::uint64_t handshake_failed = 0;  ///< TLS: garbage, a wrong certificate, too slow
  std::uint64_t requests = 0;          ///< whole ones that were handed to the router
  std::uint64_t malformed = 0;         ///< refused before that: 400, 413, 417, 431
  std::uint64_t timed_out = 0;         ///< half a request, or a response not taken, in time
  std::uint64_t streams = 0;           ///< event streams begun
  std::uint64_t streams_refused = 0;   ///< for Limits::streams
  std::uint64_t streams_slow = 0;      ///< closed because the client did not read
};

class Server {
 public:
  /// Answers by `router` whenever `io` runs; `io` outlives the server. The error says which address, and why.
  static tl::expected<Server, std::string> listen(boost::asio::io_context& io, const Listener& listener, Router router,
                                                  Limits limits = {});
  static tl::expected<Server, std::string> listen(boost::asio::io_context& io, const net::Endpoint& endpoint,
                                                  Router router, Limits limits = {}) {
    return listen(io, Listener{endpoint}, std::move(router), limits);
  }
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  /// Stops listening, closes every connection, and removes the socket file if it made one.
  ~Server();

  /// Where it listens; unspecified for a Unix socket.
  net::Endpoint endpoint() const;
  /// "http://127.0.0.1:9641", "https://[::1]:8443", "http+unix://%2Frun%2Fpenstock%2Fapi.sock": what the client takes.
  std::string url() const;
  std::size_t connections() const;
  const ServerCounters& counters() const;

 private:
  class Inner;
  explicit Server(std::shared_ptr<Inner> inner);
  std::shared_ptr<Inner> inner_;
};

}  // namespace penstock::control::http

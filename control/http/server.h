#pragma once
// A small HTTP/1.1 server on the control thread: asynchronous, bounded in connections, bytes and time, so that no
// client can hold it up.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "control/http/router.h"
#include "dataplane/net/address.h"

namespace boost::asio {
class io_context;
}

namespace penstock::control::http {

struct Limits {
  std::size_t connections = 64;  ///< one more, and the one idle for longest is closed
  std::uint32_t header_bytes = 8192;
  std::uint64_t body_bytes = 65536;
  std::chrono::milliseconds request_timeout{5000};   ///< from connect or the last response to a whole request
  std::chrono::milliseconds response_timeout{5000};  ///< for the client to take a response
};

class Server {
 public:
  /// Listens on `endpoint` (port 0: any) and answers by `router` whenever `io` runs; `io` outlives the server.
  static tl::expected<Server, std::string> listen(boost::asio::io_context& io, const net::Endpoint& endpoint,
                                                  Router router, Limits limits = {});
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  /// Stops listening and closes every connection.
  ~Server();

  net::Endpoint endpoint() const;
  std::size_t connections() const;

 private:
  class Inner;
  explicit Server(std::shared_ptr<Inner> inner);
  std::shared_ptr<Inner> inner_;
};

}  // namespace penstock::control::http

#pragma once
// A listening socket, TCP or Unix. Private to control/http.

#include <sys/types.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <string>
#include <tl/expected.hpp>
#include <variant>

#include "control/http/server.h"

namespace penstock::control::http {

class Acceptor {
 public:
  using Socket = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
  using Address = std::variant<net::Endpoint, UnixAddress>;

  explicit Acceptor(boost::asio::io_context& io) : socket_(io) {}
  ~Acceptor() { close(); }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// The error is a sentence with the address.
  tl::expected<void, std::string> open(const Address& address);
  /// Stops listening; removes the socket file if it is still the one that open() made.
  void close();

  Socket& socket() { return socket_; }
  /// Unspecified for a Unix socket.
  net::Endpoint endpoint() const;
  /// Empty for TCP.
  const std::string& path() const { return path_; }

 private:
  tl::expected<void, std::string> open_tcp(const net::Endpoint& endpoint);
  tl::expected<void, std::string> open_unix(const UnixAddress& address);

  Socket socket_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace penstock::control::http

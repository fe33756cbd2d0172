#pragma once
// One client of the HTTP server: read a request, answer it, again. Private to the server.

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "control/http/router.h"
#include "control/http/server.h"

namespace penstock::control::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Ended = std::function<void(Connection&)>;

  /// `ended` is called once, when the connection is over; `router` and `limits` live until then.
  Connection(boost::asio::ip::tcp::socket socket, const Router& router, const Limits& limits, Ended ended);

  void start() { read(); }
  void close();
  /// When it last had answered something, or connected.
  std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }

 private:
  void read();
  void on_read(boost::beast::error_code error);
  void respond(Response&& response, unsigned version, bool keep_alive, bool head);
  void on_written(boost::beast::error_code error, bool keep_alive);
  void finish();

  boost::beast::tcp_stream stream_;
  const Router& router_;
  const Limits& limits_;
  Ended ended_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  std::chrono::steady_clock::time_point idle_since_ = std::chrono::steady_clock::now();
};

}  // namespace penstock::control::http

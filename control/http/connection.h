#pragma once
// One client of the HTTP server: read a request, answer it, again. Private to control/http.

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "control/http/house.h"
#include "control/http/stream_writer.h"
#include "control/http/transport.h"

namespace penstock::control::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Ended = std::function<void(Connection&)>;
  using Clock = std::chrono::steady_clock;

  /// `ended` is called once, when the connection is over by itself, not by close().
  Connection(boost::asio::any_io_executor executor, std::shared_ptr<Transport> transport, std::shared_ptr<House> house,
             Ended ended);

  void start();
  void close();
  /// When it last had answered something, or connected; the end of time for an event stream.
  Clock::time_point idle_since() const { return stream_ ? Clock::time_point::max() : idle_since_; }

 private:
  void expect(std::chrono::milliseconds within);
  void on_deadline();

  void read_request();
  void parse();
  void read_more();
  void on_read(boost::system::error_code error, std::size_t bytes);
  bool continue_wanted();
  void say_continue();

  void on_request();
  void refuse(boost::system::error_code error);
  void refuse(unsigned status, std::string detail);
  void respond(Response&& response);
  void begin_stream(Response&& response);
  void begin_waiting(Response&& response);
  void on_reply(std::uint64_t request, const Headers& added, Response&& response);
  void on_written(boost::system::error_code error);

  void linger();
  void drain();
  void finish();

  boost::asio::steady_timer deadline_;
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<House> house_;
  Ended ended_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool secured_ = false;
  bool continued_ = false;
  bool keep_alive_ = false;
  bool head_only_ = false;
  std::uint64_t requests_ = 0;
  bool waiting_ = false;  // for a response that comes later
  unsigned version_ = 11;
  std::size_t drained_ = 0;
  std::string head_;
  std::string body_;
  std::shared_ptr<StreamWriter> stream_;
  Clock::time_point idle_since_ = Clock::now();
};

}  // namespace penstock::control::http

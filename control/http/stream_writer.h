#pragma once
// The server's half of an event stream: writes what it is given, bounded in bytes and time, and watches for the client
// to go. Private to control/http.

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "control/http/event_stream.h"
#include "control/http/house.h"
#include "control/http/transport.h"

namespace penstock::control::http {

class StreamWriter : public std::enable_shared_from_this<StreamWriter> {
 public:
  enum class End : std::uint8_t { closed, gone, slow };
  using Ended = std::function<void(End)>;

  /// `chunked`: HTTP/1.1. `ended` is called once, never from within send() or close(), and not after abandon().
  StreamWriter(const boost::asio::any_io_executor& executor, std::shared_ptr<Transport> transport, const Limits& limits,
               bool chunked, Ended ended);

  /// Writes `head` and begins.
  void start(std::string head);
  /// The connection is closed by others: no more calls to anybody.
  void abandon();

  /// What handlers hold; it may outlive the server and its io_context, and is then not open.
  std::shared_ptr<EventStream> handle();

 private:
  class Handle;

  bool send(std::string_view wire);
  std::size_t backlog_bytes() const { return waiting_.size() + writing_.size(); }
  void close();
  void append(std::string_view wire);
  void write();
  void watch();
  void beat();
  void end(End how);

  std::shared_ptr<Transport> transport_;
  const Limits limits_;
  const bool chunked_;
  Ended ended_;
  std::function<void()> closed_;
  std::function<void()> drained_;
  boost::asio::steady_timer stall_;
  boost::asio::steady_timer heartbeat_;
  std::string waiting_;
  std::string writing_;
  std::array<char, 256> ignored_{};  // what a client says while it listens
  bool open_ = true;
  bool closing_ = false;
};

}  // namespace penstock::control::http

#pragma once
// A server on a thread of its own, and a client that says what it likes.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include "control/http/client.h"
#include "control/http/server.h"

namespace penstock::control::http {

inline const net::Endpoint kLoopback{net::Address::v4(0x7f000001), 0};

class RunningServer {
 public:
  RunningServer(const Listener& listener, Router router, Limits limits = {}) {
    auto server = Server::listen(io_, listener, std::move(router), limits);
    if (!server) throw std::runtime_error(server.error());
    server_.emplace(std::move(*server));
    port_ = server_->endpoint().port;
    url_ = server_->url();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() {
    boost::asio::post(io_, [this] {
      server_.reset();
      guard_.reset();
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path) const { return url_ + std::string(path); }
  std::size_t connections() {
    return on_its_thread([this] { return server_->connections(); });
  }
  ServerCounters counters() {
    return on_its_thread([this] { return server_->counters(); });
  }

  /// Runs `what` where the handlers run.
  template <typename What>
  std::invoke_result_t<What> on_its_thread(What what) {
    std::packaged_task<std::invoke_result_t<What>()> task(what);
    auto result = task.get_future();
    boost::asio::post(io_, [&] { task(); });
    return result.get();
  }

  /// True once `condition` (asked on the server's thread) is.
  template <typename Condition>
  bool eventually(Condition condition, std::chrono::milliseconds patience = std::chrono::milliseconds(5000)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!on_its_thread(condition)) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  const Server& server() const { return *server_; }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::string url_;
  std::thread thread_;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("connect");
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void say(std::string_view bytes) { std::ignore = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void end() { shutdown(socket_, SHUT_WR); }
  /// Everything until the server closes or nothing came for `patience`.
  std::string hear(std::chrono::milliseconds patience = std::chrono::milliseconds(3000)) {
    return hear_until("", patience);
  }
  /// The same, or until `mark` was heard.
  std::string hear_until(std::string_view mark, std::chrono::milliseconds patience = std::chrono::milliseconds(3000)) {
    std::string heard;
    char bytes[4096];
    for (;;) {
      if (!mark.empty() && heard.find(mark) != std::string::npos) return heard;
      pollfd waiting{socket_, POLLIN, 0};
      if (poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return heard;
      const ssize_t n = recv(socket_, bytes, sizeof bytes, 0);
      if (n <= 0) return heard;
      heard.append(bytes, static_cast<std::size_t>(n));
    }
  }
  bool closed_within(std::chrono::milliseconds patience) {
    char byte;
    pollfd waiting{socket_, POLLIN, 0};
    return poll(&waiting, 1, static_cast<int>(patience.count())) == 1 && recv(socket_, &byte, 1, MSG_DONTWAIT) <= 0;
  }

 private:
  int socket_;
};

}  // namespace penstock::control::http

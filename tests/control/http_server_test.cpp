// The HTTP server against clients that are polite, slow, greedy or broken.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "control/http/client.h"
#include "control/http/server.h"

namespace penstock::control::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const net::Endpoint kLoopback{net::Address::v4(0x7f000001), 0};

/// A server on a thread of its own.
class Running {
 public:
  explicit Running(Limits limits = {}) {
    Router router;
    router.add("GET", "/hello", [](const Request& r) { return Response{.body = "hello " + r.query}; });
    router.add("POST", "/echo", [](const Request& r) { return Response{.body = r.body}; });
    router.add("GET", "/throws", [](const Request&) -> Response { throw std::runtime_error("oh"); });
    router.add("GET", "/large", [](const Request&) { return Response{.body = std::string(32U << 20, 'x')}; });
    auto server = Server::listen(io_, kLoopback, std::move(router), limits);
    if (!server) throw std::runtime_error(server.error());
    server_.emplace(std::move(*server));
    port_ = server_->endpoint().port;
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Running() {
    boost::asio::post(io_, [this] {
      server_.reset();
      guard_.reset();
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  std::size_t connections() {
    std::promise<std::size_t> count;
    boost::asio::post(io_, [&] { count.set_value(server_->connections()); });
    return count.get_future().get();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A client that says what it likes.
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

  void say(std::string_view bytes) { std::ignore = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void end() { shutdown(socket_, SHUT_WR); }
  /// Everything until the server closes or nothing came for `patience`.
  std::string hear(std::chrono::milliseconds patience = 3000ms) {
    std::string heard;
    char bytes[4096];
    for (;;) {
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

Limits quick() {
  Limits limits;
  limits.request_timeout = 200ms;
  limits.response_timeout = 200ms;
  return limits;
}

TEST(HttpServer, AnswersByPathAndMethod) {
  Running server;
  const auto hello = get(server.url("/hello?a=b"), 2s);
  ASSERT_TRUE(hello) << hello.error();
  EXPECT_EQ(hello->status, 200U);
  EXPECT_EQ(hello->body, "hello a=b");
  EXPECT_EQ(get(server.url("/nowhere"), 2s)->status, 404U);
  EXPECT_EQ(get(server.url("/echo"), 2s)->status, 405U);
  EXPECT_EQ(get(server.url("/throws"), 2s)->status, 500U);
}

TEST(HttpServer, KeepsTheConnectionAndTakesPipelinedRequests) {
  Running server(quick());
  RawClient client(server.port());
  client.say(
      "GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
      "HEAD /hello HTTP/1.1\r\n\r\nGET /hello?2 HTTP/1.0\r\n\r\n");
  const std::string heard = client.hear();
  EXPECT_THAT(heard, HasSubstr("hello 1"));
  EXPECT_THAT(heard, HasSubstr("\r\n\r\nabcHTTP/1.1 200 OK")) << "a HEAD has no body";
  EXPECT_THAT(heard, HasSubstr("HTTP/1.0 200 OK"));
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* answer;  ///< how it starts; empty: closed without a word
};

class HostileRequest : public testing::TestWithParam<Hostile> {};

TEST_P(HostileRequest, IsRefusedAndForgotten) {
  Running server(quick());
  {
    RawClient client(server.port());
    client.say(GetParam().bytes);
    client.end();
    const std::string heard = client.hear();
    if (*GetParam().answer == '\0') {
      EXPECT_EQ(heard, "");
    } else {
      EXPECT_THAT(heard, StartsWith(GetParam().answer));
    }
  }
  EXPECT_EQ(get(server.url("/hello"), 2s)->status, 200U);
}

const Hostile kHostile[] = {
    {"nothing", "", ""},
    {"garbage", std::string("\x00\x01\x02\xff\xfe garbage\r\n\r\n", 18), "HTTP/1.1 400"},
    {"tls_hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13), "HTTP/1.1 400"},
    {"half_a_request", "GET /hello HTT", ""},
    {"long_path", "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n", "HTTP/1.1 431"},
    {"many_headers", "GET /hello HTTP/1.1\r\n" + std::string(20'000, 'a') + ": b\r\n\r\n", "HTTP/1.1 431"},
    {"declared_body", "POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 413"},
    {"overflowing_length", "POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 400"},
    {"negative_length", "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
    {"chunked_body",
     "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n" + std::string(0x11000, 'x') + "\r\n0\r\n\r\n",
     "HTTP/1.1 413"},
    {"both_lengths", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "HTTP/1.1 400"},
    {"wrong_version", "GET /hello HTTP/9.9\r\n\r\n", "HTTP/1.1 400"},
    {"header_injection", "GET /hello HTTP/1.1\r\nA\r\nB: c\r\n\r\n", "HTTP/1.1 400"},
};

INSTANTIATE_TEST_SUITE_P(, HostileRequest, testing::ValuesIn(kHostile), [](const auto& row) { return row.param.name; });

TEST(HttpServer, ASlowRequestIsCutOff) {
  Running server(quick());
  RawClient client(server.port());
  const auto start = std::chrono::steady_clock::now();
  client.say("GET /hel");
  std::thread drip([&] {
    for (int i = 0; i < 8; ++i) {
      std::this_thread::sleep_for(50ms);
      client.say("l");
    }
  });
  EXPECT_EQ(client.hear(), "");
  drip.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s) << "dripping bytes do not extend the time";
}

TEST(HttpServer, AnIdleConnectionIsClosed) {
  Running server(quick());
  RawClient client(server.port());
  EXPECT_TRUE(client.closed_within(2s));
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpServer, AClientThatDoesNotReadIsCutOff) {
  Running server(quick());
  RawClient client(server.port());
  client.say("GET /large HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 100 && server.connections() == 0; ++i) std::this_thread::sleep_for(10ms);
  for (int i = 0; i < 100 && server.connections() > 0; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpServer, AFullHouseMakesRoomForTheNext) {
  Limits limits;
  limits.connections = 4;
  Running server(limits);
  std::vector<std::unique_ptr<RawClient>> squatters;
  for (int i = 0; i < 20; ++i) squatters.push_back(std::make_unique<RawClient>(server.port()));
  const auto answer = get(server.url("/hello"), 2s);
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_LE(server.connections(), 4U);
}

TEST(HttpServer, RandomBytesDoNotHarmIt) {
  Running server(quick());
  std::mt19937 random(7);
  const std::string seed = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  for (int i = 0; i < 300; ++i) {
    std::string bytes = seed;
    for (int flips = 0; flips < 4; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    RawClient client(server.port());
    client.say(bytes);
    client.end();
  }
  EXPECT_EQ(get(server.url("/hello"), 2s)->status, 200U);
}

TEST(HttpServer, NothingOfItOutlivesALoopThatRunsNoMore) {
  const auto held = std::make_shared<int>();
  const std::weak_ptr<int> seen = held;
  {
    boost::asio::io_context io;
    Router router;
    router.add("GET", "/", [held](const Request&) { return Response{.body = "hello"}; });
    auto server = Server::listen(io, kLoopback, std::move(router));
    ASSERT_TRUE(server) << server.error();
    RawClient client(server->endpoint().port);
    for (int i = 0; i < 100 && server->connections() == 0; ++i) io.run_for(10ms);
    ASSERT_EQ(server->connections(), 1U);  // it waits for a request, and the loop stops
  }
  EXPECT_EQ(seen.use_count(), 1);
}

TEST(HttpServer, ATakenAddressIsAnErrorThatNamesIt) {
  Running server;
  boost::asio::io_context io;
  const auto second = Server::listen(io, {kLoopback.address, server.port()}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr(fmt::format("127.0.0.1:{}", server.port())));
}

TEST(HttpClient, SaysWhyThereIsNoAnswer) {
  EXPECT_THAT(get("ftp://x", 1s).error(), HasSubstr("'ftp://x' is not an http:// address"));
  EXPECT_THAT(get("http://:1/", 1s).error(), HasSubstr("is not an http:// address"));
  EXPECT_THAT(get("http://127.0.0.1:1/", 1s).error(), HasSubstr("no answer from http://127.0.0.1:1/"));
  EXPECT_THAT(get("http://[::1]:1/x", 1s).error(), HasSubstr("no answer from"));
}

}  // namespace
}  // namespace penstock::control::http

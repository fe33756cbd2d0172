// The HTTP server against clients that are polite, slow, greedy or broken.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/control/http_fixture.h"

namespace penstock::control::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

Router sample_router() {
  Router router;
  router.add("GET", "/hello", [](const Request& r) { return Response{.body = "hello " + r.query}; });
  router.add("POST", "/echo", [](const Request& r) { return Response{.body = r.body}; });
  router.add("GET", "/throws", [](const Request&) -> Response { throw std::runtime_error("oh"); });
  router.add("GET", "/large", [](const Request&) { return Response{.body = std::string(32U << 20, 'x')}; });
  router.add("GET", "/later", [](const Request&) {
    Response response;
    response.headers.set("X-Added", "yes");
    response.later = [](std::function<void(Response)> reply) {
      reply({.status = 202, .body = "at last"});
      reply({.body = "once more"});
    };
    return response;
  });
  router.add("GET", "/never",
             [](const Request&) { return Response{.later = [](const std::function<void(Response)>&) {}}; });
  router.add("GET", "/splits", [](const Request&) {
    return Response{.headers = {{"Location", "/a\r\nSet-Cookie: b"}, {"X-Kept", "yes"}}};
  });
  return router;
}

class Running : public RunningServer {
 public:
  explicit Running(Limits limits = {}) : RunningServer({kLoopback}, sample_router(), limits) {}
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
      "GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello?2 HTTP/1.0\r\n\r\nGET /hello?3 HTTP/1.0\r\n\r\n");
  const std::string heard = client.hear();
  EXPECT_THAT(heard, HasSubstr("hello 1"));
  EXPECT_THAT(heard, HasSubstr("\r\n\r\nabcHTTP/1.1 200 OK")) << "a HEAD has no body";
  EXPECT_THAT(heard, HasSubstr("HTTP/1.0 200 OK"));
  EXPECT_THAT(heard, HasSubstr("hello 2"));
  EXPECT_THAT(heard, Not(HasSubstr("hello 3"))) << "HTTP/1.0 closes";
}

TEST(HttpServer, TakesAThousandPipelinedRequestsInOrder) {
  Running server;
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 1000; ++i) all += fmt::format("GET /hello?{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  std::thread talks([&] { client.say(all); });
  const std::string heard = client.hear_until("hello 999");
  talks.join();
  std::size_t at = 0;
  for (int i = 0; i < 1000; ++i) {
    at = heard.find(fmt::format("hello {}", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(HttpServer, HoldsHttp10OpenOnlyWhenAsked) {
  Running server(quick());
  RawClient client(server.port());
  client.say("GET /hello?1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello?2 HTTP/1.0\r\n\r\n");
  const std::string heard = client.hear();
  EXPECT_THAT(heard, HasSubstr("Connection: keep-alive"));
  EXPECT_THAT(heard, HasSubstr("hello 2"));
}

TEST(HttpServer, TakesChunkedBodiesAndTheAbsoluteForm) {
  Running server(quick());
  RawClient client(server.port());
  client.say(
      "POST http://example.org/echo?q HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n"
      "Connection: close\r\n\r\n3\r\nabc\r\n2;extension=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_THAT(client.hear(), testing::EndsWith("\r\n\r\nabcde"));
}

TEST(HttpServer, AsksForABodyThatWaitsToBeAsked) {
  Running server(quick());
  RawClient client(server.port());
  client.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.say("abc");
  EXPECT_THAT(client.hear_until("abc"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(HttpServer, AnswersAllOfARequestThatComesByteByByte) {
  Running server;
  RawClient client(server.port());
  for (const char c : std::string_view("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")) {
    client.say({&c, 1});
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_THAT(client.hear_until("abc"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(HttpServer, LeavesOutAHeaderThatWouldSplitTheResponse) {
  Running server;
  const auto answer = get(server.url("/splits"), 2s);
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_FALSE(answer->headers.contains("Location"));
  EXPECT_FALSE(answer->headers.contains("Set-Cookie"));
  EXPECT_EQ(answer->headers.find("x-kept"), "yes");
}

TEST(HttpServer, AResponseMayComeLaterButOnlyOnce) {
  Running server(quick());
  RawClient client(server.port());
  client.say("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /hello?next HTTP/1.0\r\n\r\n");
  const std::string heard = client.hear();
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 202 Accepted"));
  EXPECT_THAT(heard, HasSubstr("X-Added: yes\r\n"));
  EXPECT_THAT(heard, HasSubstr("at lastHTTP/1.0 200 OK"));
}

TEST(HttpServer, AResponseThatNeverComesIsGivenUp) {
  Running server(quick());
  RawClient client(server.port());
  client.say("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.closed_within(2s));
  EXPECT_EQ(server.counters().timed_out, 1U);
}

TEST(HttpServer, RefusesABodyTooLargeBeforeItIsSent) {
  Running server(quick());
  RawClient client(server.port());
  client.say("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, ARefusalIsHeardByAClientThatStillSends) {
  Running server;
  const auto answer = send({.method = "POST", .url = server.url("/echo"), .body = std::string(200'000, 'x')}, 5s);
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer->status, 413U);
  EXPECT_EQ(answer->content_type, "application/problem+json");
  EXPECT_EQ(server.counters().malformed, 1U);
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
    {"declared_body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 413"},
    {"overflowing_length", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
     "HTTP/1.1 400"},
    {"negative_length", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
    {"chunked_body",
     "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n" + std::string(0x11000, 'x') +
         "\r\n0\r\n\r\n",
     "HTTP/1.1 413"},
    {"both_lengths",
     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "HTTP/1.1 400"},
    {"wrong_version", "GET /hello HTTP/9.9\r\n\r\n", "HTTP/1.1 400"},
    {"no_host", "GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
    {"two_hosts", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "HTTP/1.1 400"},
    {"great_expectations", "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: much\r\nContent-Length: 1\r\n\r\na",
     "HTTP/1.1 417"},
    {"endless_chunk_extension",
     "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'a'),
     "HTTP/1.1 4"},
    {"bad_chunk_size", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
    {"half_a_body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", ""},
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
  EXPECT_EQ(server.counters().timed_out, 1U);
  EXPECT_EQ(server.counters().requests, 0U);
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
  client.say("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
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
  EXPECT_GE(server.counters().evicted, 17U);
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

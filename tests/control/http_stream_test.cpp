// Event streams against clients that listen, leave, and never read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "control/http/event_stream.h"
#include "tests/control/http_fixture.h"

namespace penstock::control::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kAsk = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

/// Everybody who listens, as an API would keep them. Used on the server's thread.
struct Listeners {
  std::vector<std::shared_ptr<EventStream>> streams;
  int closed = 0;
};

Router router_for(Listeners& listeners) {
  Router router;
  router.add("GET", "/events", [&](const Request&) {
    return Response{.stream = [&](std::shared_ptr<EventStream> stream) {
      stream->on_closed([&] { ++listeners.closed; });
      stream->send({.type = "hello", .data = "first", .id = "1"});
      listeners.streams.push_back(std::move(stream));
    }};
  });
  router.add("GET", "/hello", [](const Request&) { return Response{.body = "hello"}; });
  return router;
}

class EventStreams : public testing::Test {
 protected:
  void start(Limits limits = {}) { server_.emplace(Listener{kLoopback}, router_for(listeners_), limits); }
  void TearDown() override { server_.reset(); }
  bool begun(std::size_t count) {
    return server_->eventually([&] { return listeners_.streams.size() == count; });
  }

  Listeners listeners_;
  std::optional<RunningServer> server_;
};

TEST_F(EventStreams, ReachTheClientAsTheyHappen) {
  start();
  RawClient client(server_->port());
  client.say(kAsk);
  const std::string head = client.hear_until("first\n\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("id: 1\nevent: hello\ndata: first\n\n"));
  server_->on_its_thread([&] { return listeners_.streams[0]->send({.data = "second"}); });
  EXPECT_EQ(client.hear_until("second\n\n\r\n"), "e\r\ndata: second\n\n\r\n");
  server_->on_its_thread([&] { return listeners_.streams[0]->close(), true; });
  EXPECT_EQ(client.hear(), "0\r\n\r\n");
  EXPECT_EQ(server_->on_its_thread([&] { return listeners_.closed; }), 0);
  EXPECT_FALSE(server_->on_its_thread([&] { return listeners_.streams[0]->send({.data = "late"}); }));
}

TEST_F(EventStreams, TellWhenTheClientHasTakenAll) {
  start();
  RawClient client(server_->port());
  client.say(kAsk);
  client.hear_until("first\n\n");
  int drained = 0;
  const int within_send = server_->on_its_thread([&] {
    listeners_.streams[0]->on_drained([&] { ++drained; });
    listeners_.streams[0]->send({.data = "second"});
    return drained;
  });
  EXPECT_EQ(within_send, 0);
  EXPECT_TRUE(server_->eventually([&] { return drained == 1 && listeners_.streams[0]->backlog_bytes() == 0; }));
  server_->on_its_thread([&] { return listeners_.streams[0]->on_drained(nullptr), true; });
}

TEST_F(EventStreams, AreNotChunkedForHttp10) {
  start();
  RawClient client(server_->port());
  client.say("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.hear_until("first\n\n"), testing::EndsWith("\r\n\r\nid: 1\nevent: hello\ndata: first\n\n"));
}

TEST_F(EventStreams, AHeadHasNone) {
  start();
  RawClient client(server_->port());
  client.say("HEAD /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.hear(), testing::AllOf(HasSubstr("text/event-stream"), testing::EndsWith("\r\n\r\n")));
  EXPECT_EQ(server_->on_its_thread([&] { return listeners_.streams.size(); }), 0U);
}

TEST_F(EventStreams, BeatSoThatTheClientKnows) {
  Limits limits;
  limits.stream_heartbeat = 30ms;
  start(limits);
  RawClient client(server_->port());
  client.say(kAsk);
  EXPECT_THAT(client.hear_until("\r\n3\r\n:\n\n\r\n3\r\n:\n\n\r\n"), HasSubstr("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
}

TEST_F(EventStreams, OutliveTheTimesOfRequests) {
  Limits limits;
  limits.request_timeout = 50ms;
  limits.response_timeout = 50ms;
  start(limits);
  RawClient client(server_->port());
  client.say(kAsk);
  client.hear_until("first\n\n");
  EXPECT_FALSE(client.closed_within(300ms));
}

TEST_F(EventStreams, ToldWhenTheClientIsGone) {
  start();
  {
    RawClient client(server_->port());
    client.say(kAsk);
    client.hear_until("first");
  }
  EXPECT_TRUE(server_->eventually([&] { return listeners_.closed == 1 && !listeners_.streams[0]->open(); }));
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(EventStreams, AClientThatNeverReadsIsClosedAtTheByteLimitAndNobodyElse) {
  Limits limits;
  limits.stream_backlog_bytes = 65'536;
  start(limits);
  RawClient deaf(server_->port());
  deaf.say(kAsk);
  ASSERT_TRUE(begun(1));
  RawClient listening(server_->port());
  listening.say(kAsk);
  ASSERT_TRUE(begun(2));
  const std::string event = to_wire({.data = std::string(1000, 'x')});
  std::size_t most = 0;
  std::thread reads([&] { listening.hear_until("the end"); });
  const bool closed = server_->eventually(
      [&] {
        listeners_.streams[0]->send(event);
        listeners_.streams[1]->send(event);
        most = std::max(most, listeners_.streams[0]->backlog_bytes());
        return listeners_.closed == 1;
      },
      20s);
  EXPECT_TRUE(closed);
  EXPECT_LE(most, limits.stream_backlog_bytes + 64);
  EXPECT_FALSE(server_->on_its_thread([&] { return listeners_.streams[0]->open(); }));
  EXPECT_TRUE(server_->on_its_thread([&] { return listeners_.streams[1]->send({.data = "the end"}); }));
  reads.join();
  EXPECT_EQ(server_->counters().streams_slow, 1U);
}

TEST_F(EventStreams, AClientThatNeverReadsIsClosedAtTheTimeLimit) {
  Limits limits;
  limits.stream_backlog_bytes = 32'768;
  limits.stream_stall = 200ms;
  start(limits);
  RawClient deaf(server_->port());
  deaf.say(kAsk);
  ASSERT_TRUE(begun(1));
  // Fills what the kernels keep, without ever filling the backlog.
  const std::string event = to_wire({.data = std::string(4000, 'x')});
  EXPECT_TRUE(server_->eventually(
      [&] {
        if (listeners_.streams[0]->backlog_bytes() < 16'384) listeners_.streams[0]->send(event);
        return listeners_.closed == 1;
      },
      20s));
  EXPECT_EQ(server_->counters().streams_slow, 1U);
}

TEST_F(EventStreams, AreLimitedAndNeverEvicted) {
  Limits limits;
  limits.connections = 4;
  limits.streams = 2;
  start(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->say(kAsk);
    ASSERT_TRUE(begun(static_cast<std::size_t>(i) + 1));
  }
  RawClient third(server_->port());
  third.say(kAsk);
  EXPECT_THAT(third.hear_until("}"), StartsWith("HTTP/1.1 503"));
  for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<RawClient>(server_->port()));
  EXPECT_EQ(get(server_->url("/hello"), 2s)->status, 200U);
  EXPECT_TRUE(server_->on_its_thread([&] { return listeners_.streams[0]->open() && listeners_.streams[1]->open(); }));
  clients.erase(clients.begin());
  EXPECT_TRUE(server_->eventually([&] { return listeners_.closed == 1; }));
  RawClient again(server_->port());
  again.say(kAsk);
  EXPECT_THAT(again.hear_until("first"), StartsWith("HTTP/1.1 200"));
}

TEST_F(EventStreams, WhatAClientSaysMeanwhileIsForgotten) {
  start();
  RawClient client(server_->port());
  client.say(std::string(kAsk) + "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  client.hear_until("first\n\n");
  client.say(std::string(100'000, 'x'));
  server_->on_its_thread([&] { return listeners_.streams[0]->send({.data = "still here"}); });
  EXPECT_THAT(client.hear_until("still here"), HasSubstr("still here"));
}

TEST_F(EventStreams, TheServerMayGoFirst) {
  start();
  RawClient client(server_->port());
  client.say(kAsk);
  ASSERT_TRUE(begun(1));
  server_.reset();
  EXPECT_FALSE(listeners_.streams[0]->open());
  EXPECT_FALSE(listeners_.streams[0]->send({.data = "late"}));
  EXPECT_EQ(listeners_.closed, 0);
}

}  // namespace
}  // namespace penstock::control::http

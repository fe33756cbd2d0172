// Events over HTTP: live, replayed, forgotten, of another epoch, and a client that never reads them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/api_bench.h"
#include "tests/control/api_schema.h"
#include "tests/control/http_fixture.h"

namespace penstock::control::api {
namespace {

using namespace std::chrono_literals;
using http::RawClient;
using testing::HasSubstr;
using testing::Not;

class ApiEvents : public testing::Test {
 protected:
  ~ApiEvents() override { server.reset(); }

  void put_room(const std::string& id, const std::string& metadata = "") {
    server->on_its_thread([&] {
      rooms::RoomSpec spec;
      spec.metadata = metadata;
      return bench.model->apply(rooms::PutRoom{id, spec}).has_value();
    });
  }
  std::unique_ptr<RawClient> listen(const std::string& query = "", const std::string& last_id = "") {
    auto client = std::make_unique<RawClient>(server->port());
    client->say("GET /v1/events" + query + " HTTP/1.1\r\nHost: localhost\r\n" +
                (last_id.empty() ? "" : "Last-Event-ID: " + last_id + "\r\n") + "\r\n");
    return client;
  }
  std::string id(std::uint64_t number) { return bench.model->events().id(number); }

  static http::Limits quick() {
    http::Limits limits = api::limits();
    limits.stream_stall = 300ms;
    return limits;
  }

  ApiBench bench;
  std::optional<http::RunningServer> server{std::in_place, http::Listener{http::kLoopback}, bench.router, quick()};
};

TEST_F(ApiEvents, ComeAsTheyHappenAndKeepToTheDocument) {
  const auto client = listen();
  const std::string hello = client->hear_until("\n\n");
  EXPECT_THAT(hello, HasSubstr("event: hello\n"));
  EXPECT_THAT(hello, HasSubstr("id: " + id(0) + "\n"));
  put_room("r");
  const std::string event = client->hear_until("\n\n");
  EXPECT_THAT(event, HasSubstr("id: " + id(1) + "\nevent: room.created\n"));
  const auto at = event.find("data: ") + 6;
  const Json data = Json::parse(event.substr(at, event.find('\n', at) - at));
  const Contract contract;
  EXPECT_EQ(contract.validate(data, contract.document()["components"]["schemas"]["Event"]), "");
  EXPECT_EQ(data["room"], "r");
}

TEST_F(ApiEvents, AreReplayedAfterTheLastThatWasSeen) {
  for (const char* room : {"a", "b", "c"}) put_room(room);
  for (const auto& client : {listen("", id(1)), listen("?last_event_id=" + id(1))}) {
    const std::string heard = client->hear_until("\"room\":\"c\"");
    EXPECT_THAT(heard, Not(HasSubstr("\"room\":\"a\"")));
    EXPECT_THAT(heard, HasSubstr("\"room\":\"b\""));
    EXPECT_THAT(heard, Not(HasSubstr("event: reset")));
  }
  const auto up_to_date = listen("", id(3));
  put_room("d");
  EXPECT_THAT(up_to_date->hear_until("\"room\":\"d\""), Not(HasSubstr("\"room\":\"c\"")));
}

TEST_F(ApiEvents, AnotherEpochOrNonsenseIsToldToBeginAnew) {
  put_room("a");
  for (const char* last : {"0123456789abcdef-1", "nonsense", "-", "0123456789abcdef-99999999999999999999"}) {
    const auto client = listen("", last);
    const std::uint64_t latest = server->on_its_thread([&] { return bench.model->events().latest(); });
    EXPECT_THAT(client->hear_until("\n\n"), HasSubstr("id: " + id(latest) + "\nevent: reset\n")) << last;
    put_room("a", last);
    EXPECT_THAT(client->hear_until("room.updated"), HasSubstr("room.updated")) << last;
  }
}

TEST_F(ApiEvents, WhatIsForgottenIsAReset) {
  for (int i = 0; i < 100; ++i) put_room("r" + std::to_string(i));
  EXPECT_THAT(listen("", id(1))->hear_until("\n\n"), HasSubstr("event: reset\n"));
  EXPECT_THAT(listen("", id(90))->hear_until("\"room\":\"r99\""), Not(HasSubstr("event: reset\n")));
}

TEST_F(ApiEvents, OfOneRoomAlone) {
  const auto client = listen("?room=mine");
  client->hear_until("hello");
  put_room("other");
  put_room("mine");
  EXPECT_THAT(client->hear_until("\"room\":\"mine\""), Not(HasSubstr("\"room\":\"other\"")));
}

TEST_F(ApiEvents, AClientThatNeverReadsIsClosedAndNobodyElse) {
  const auto deaf = listen();
  ASSERT_TRUE(server->eventually([&] { return server->server().counters().streams == 1; }));
  const auto listening = listen();
  listening->hear_until("hello");
  std::string heard;
  std::thread reads([&] { heard = listening->hear_until("\"room\":\"last\"", 10s); });
  unsigned n = 0;
  const bool closed = server->eventually(
      [&] {
        for (int i = 0; i < 50; ++i) {
          rooms::RoomSpec spec;
          spec.metadata = std::to_string(n++);
          EXPECT_TRUE(bench.model->apply(rooms::PutRoom{"r", spec}));
        }
        return server->server().counters().streams_slow == 1;
      },
      60s);
  EXPECT_TRUE(closed);
  put_room("last");
  reads.join();
  EXPECT_THAT(heard, HasSubstr("\"room\":\"last\""));
  EXPECT_TRUE(server->eventually([&] { return bench.model->events().listeners() == 1; }));
}

TEST(ApiEventOrder, AClientThatLagsGetsEveryEventOnceAndInOrder) {
  constexpr std::uint64_t kEvents = 20'000;
  ApiBench bench({}, kEvents + 1);
  http::RunningServer server(http::Listener{http::kLoopback}, bench.router, api::limits());
  RawClient client(server.port());
  client.say("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.hear_until("hello");
  // More than the kernels and the backlog hold, before the client reads any of it, and some while it does.
  const auto publish = [&](std::uint64_t count) {
    return server.on_its_thread([&] {
      for (std::uint64_t i = 0; i < count; ++i) {
        rooms::RoomSpec spec;
        spec.metadata = std::to_string(bench.model->events().latest());
        if (!bench.model->apply(rooms::PutRoom{"r", spec})) return false;
      }
      return true;
    });
  };
  ASSERT_TRUE(publish(kEvents / 2));
  std::string heard;
  std::thread reads([&] { heard = client.hear_until("-" + std::to_string(kEvents) + "\n", 20s); });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(publish(kEvents / 200));
  reads.join();
  std::uint64_t expected = 1;
  for (std::size_t at = heard.find("id: "); at != std::string::npos; at = heard.find("id: ", at + 1)) {
    const std::uint64_t number = std::stoull(heard.substr(heard.find('-', at) + 1, 20));
    if (number == 0) continue;  // hello
    ASSERT_EQ(number, expected);
    ++expected;
  }
  EXPECT_EQ(expected, kEvents + 1);
}

TEST_F(ApiEvents, NobodyIsLeftBehindWhenClientsGo) {
  {
    const auto one = listen();
    const auto two = listen();
    one->hear_until("hello");
    two->hear_until("hello");
    EXPECT_EQ(server->on_its_thread([&] { return bench.model->events().listeners(); }), 2u);
  }
  EXPECT_TRUE(server->eventually([&] { return bench.model->events().listeners() == 0; }));
}

}  // namespace
}  // namespace penstock::control::api

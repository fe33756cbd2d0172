#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/ctl/status_table.h"
#include "control/metrics/status.h"

namespace penstock::control::ctl {
namespace {

using testing::HasSubstr;

struct FakeWorker {
  port::PortCounters port;
  engine::WorkerCounters engine;
  turn::Stats turn;
};

TEST(StatusTable, RatesAreOfTheTimeBetweenTheLooks) {
  FakeWorker fakes[2];
  std::vector<WorkerSource> workers;
  for (unsigned i = 0; i < 2; ++i) workers.push_back({i, i, &fakes[i].port, &fakes[i].engine, &fakes[i].turn});
  const std::vector<Load> loads = {{1500, 0.25, 0}, {500, 0.75, 0}};
  ProcessState state;
  state.ready = true;
  state.uptime_s = 3 * 3600 + 60;
  state.listening = {"192.0.2.1:3478"};
  state.relay_ports = {{"192.0.2.1", 4, 22768}};
  const std::string before = status_json(workers, loads, state);
  fakes[0].port.received_packets.set(2000);
  fakes[0].port.received_bytes.set(2'000'000);
  fakes[1].port.received_packets.set(6000);
  fakes[0].engine.dropped[static_cast<std::size_t>(net::Drop::no_flow)].set(10);
  fakes[0].turn.allocations.set(3);
  const auto table = status_table(before, status_json(workers, loads, state), 2.0);
  ASSERT_TRUE(table) << table.error();
  EXPECT_THAT(*table, HasSubstr("ready  up 3 h 1 min"));
  EXPECT_THAT(*table, HasSubstr("listening  192.0.2.1:3478"));
  EXPECT_THAT(*table, HasSubstr("4 of 22768 ports"));
  EXPECT_THAT(*table, HasSubstr("\n0          0       1000          0          5       8.0            3    25%         "
                                "  1500               0\n"));
  EXPECT_THAT(*table, HasSubstr("\nall                4000          0          5       8.0            3    50%         "
                                "   750               0\n"));
  EXPECT_THAT(*table, HasSubstr("dropped since the start:  no_flow 10"));
}

TEST(StatusTable, WhatIsNoStatusIsAnError) {
  for (const char* text : {"", "hello", "{}", "[]", "{\"version\":1}", "{\"version\":\"1\",\"workers\":5}"}) {
    EXPECT_FALSE(status_table(text, text, 1.0)) << text;
    EXPECT_EQ(state_of(text), "");
  }
  EXPECT_EQ(state_of("{\"state\":\"draining\"}"), "draining");
}

}  // namespace
}  // namespace penstock::control::ctl

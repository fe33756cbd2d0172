#include "control/ctl/ports_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/ctl/text_table.h"
#include "control/metrics/ports_json.h"
#include "tests/control/ports_fixture.h"

namespace penstock::control::ctl {
namespace {

using testing::HasSubstr;

struct FakeWorker {
  port::PortCounters port;
  engine::WorkerCounters engine;
  turn::Stats turn;
  std::vector<WorkerSource> sources{{0, 4, &port, &engine, &turn}};
};

TEST(PortsTable, ShowsDevicesInterfacesAndSteering) {
  FakeWorker fake;
  fake.port.same_worker.set(900);
  fake.port.handed_over.set(100);
  const auto table = ports_table(ports_json(two_devices(), fake.sources));
  ASSERT_TRUE(table) << table.error();
  EXPECT_THAT(*table, HasSubstr("\neth1          net_af_xdp  up    1500  1/1     software  -   "));
  EXPECT_THAT(*table, HasSubstr("\n0000:01:00.0  net_ixgbe   10G   1500  2/2     rss       rx_udp_checksum,tx_udp_"));
  EXPECT_THAT(*table, HasSubstr("eth1: XDP took 1000 frames (10 fragments, 1 ICMP errors), left 300 to the kernel"));
  EXPECT_THAT(*table, HasSubstr("0000:01:00.0: pen1 gives the kernel neighbour 7 (dropped 0), icmp 8 (dropped 3),"));
  EXPECT_THAT(*table, HasSubstr("\npen1.100   0000:01:00.0  100   down"));
  EXPECT_THAT(*table, HasSubstr("reachable 20  failed 2"));
  EXPECT_THAT(*table, HasSubstr("10.0%"));
  EXPECT_THAT(*table, HasSubstr("packet pools are of huge pages"));
}

TEST(PortsTable, SocketsAreOneLine) {
  FakeWorker fake;
  fake.port.locals.set(12);
  EXPECT_EQ(ports_table(ports_json({}, fake.sources)).value_or(""),
            "kernel sockets by io_uring, on every interface; endpoints by worker: 0 has 12\n");
}

TEST(PortsTable, WhatIsNoAnswerIsAnError) {
  for (const char* text : {"", "hello", "{}", "[]", R"({"kind":"dpdk"})", R"({"kind":"uring","workers":7})"}) {
    EXPECT_FALSE(ports_table(text)) << text;
  }
}

TEST(TextTable, NumbersStandToTheRight) {
  TextTable table({"name", "count"});
  table.add({"a", "1"});
  table.add({"longer", "1000"});
  EXPECT_EQ(table.text(), "name    count\na           1\nlonger   1000\n");
}

}  // namespace
}  // namespace penstock::control::ctl

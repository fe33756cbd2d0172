#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/metrics/collector.h"
#include "control/metrics/ports_json.h"
#include "tests/control/ports_fixture.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;
using testing::Not;

struct FakeWorker {
  port::PortCounters port;
  engine::WorkerCounters engine;
  turn::Stats turn;
  std::vector<WorkerSource> sources{{0, 4, &port, &engine, &turn}};
};

std::string scrape(const PortsState& ports) {
  const FakeWorker fake;
  const LoadMeter load(fake.sources, 1e9);
  ProcessState state;
  state.ports = ports;
  return expose(Collector(fake.sources, load, [&] { return state; }));
}

class PortSeries : public testing::TestWithParam<const char*> {};

TEST_P(PortSeries, IsExposed) {
  EXPECT_THAT(scrape(two_devices()), HasSubstr(std::string("\n") + GetParam() + "\n"));
}

INSTANTIATE_TEST_SUITE_P(
    , PortSeries,
    testing::Values(
        R"(penstock_device_info{device="eth1",driver="net_af_xdp",interface="eth1",steering="software",offloads=""} 1)",
        R"(penstock_device_queues{device="0000:01:00.0",direction="receive"} 2)",
        R"(penstock_device_link_up{device="eth1"} 1)",
        R"(penstock_device_link_bits_per_second{device="0000:01:00.0"} 10000000000)",
        R"(penstock_device_missed_total{device="eth1"} 17)",
        R"(penstock_device_no_packet_total{device="0000:01:00.0"} 5)",
        R"(penstock_xdp_frames_total{device="eth1",verdict="passed"} 300)",
        R"(penstock_xdp_taken_fragments_total{device="eth1"} 10)",
        R"(penstock_punted_total{device="0000:01:00.0",class="icmp"} 8)",
        R"(penstock_punt_dropped_total{device="0000:01:00.0",class="icmp"} 3)",
        R"(penstock_injected_total{device="0000:01:00.0"} 9)",
        R"(penstock_interface_up{interface="pen1.100",device="0000:01:00.0"} 0)",
        R"(penstock_neighbours{state="reachable"} 20)", "penstock_routes 6", "penstock_mirror_resyncs_total 1",
        "penstock_huge_pages 1"));

TEST(PortMetrics, SocketsHaveNoDevices) {
  const std::string text = scrape({});
  EXPECT_THAT(text, Not(HasSubstr("penstock_device_")));
  EXPECT_THAT(text, Not(HasSubstr("penstock_neighbours")));
}

TEST(PortMetrics, WhatADeviceDoesNotHaveIsNotExposed) {
  PortsState ports = two_devices();
  ports.devices.pop_back();
  EXPECT_THAT(scrape(ports), Not(HasSubstr("penstock_punted_total")));
  EXPECT_THAT(scrape(ports), Not(HasSubstr(R"(penstock_xdp_frames_total{device="0000)")));
}

TEST(PortsJson, TellsDevicesInterfacesAndWorkers) {
  FakeWorker fake;
  fake.port.same_worker.set(90);
  fake.port.handed_over.set(10);
  fake.port.dropped[static_cast<std::size_t>(net::Drop::handoff_full)].set(4);
  fake.engine.dropped[static_cast<std::size_t>(net::Drop::handoff_full)].set(100);
  const auto json = nlohmann::json::parse(ports_json(two_devices(), fake.sources));
  EXPECT_EQ(json["kind"], "dpdk");
  EXPECT_EQ(json["devices"][0]["xdp"]["passed"], 300);
  EXPECT_FALSE(json["devices"][0].contains("exceptions"));
  EXPECT_EQ(json["devices"][1]["steering"], "rss");
  EXPECT_EQ(json["devices"][1]["exceptions"]["classes"]["icmp"]["dropped"], 3);
  EXPECT_EQ(json["interfaces"][0]["vlan"], nullptr);
  EXPECT_EQ(json["interfaces"][1]["vlan"], 100);
  EXPECT_EQ(json["mirror"]["neighbours"]["failed"], 2);
  EXPECT_EQ(json["workers"][0]["handed_over"], 10);
  EXPECT_EQ(json["workers"][0]["handoff_dropped"], 4) << "of the port, not of the engine's mailboxes";
}

TEST(PortsJson, OfSocketsIsShort) {
  FakeWorker fake;
  fake.port.locals.set(12);
  const auto json = nlohmann::json::parse(ports_json({}, fake.sources));
  EXPECT_EQ(json["kind"], "uring");
  EXPECT_EQ(json["workers"][0]["locals"], 12);
  EXPECT_FALSE(json.contains("devices"));
}

}  // namespace
}  // namespace penstock::control

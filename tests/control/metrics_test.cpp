#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "control/metrics/collector.h"
#include "control/metrics/counter_table.h"
#include "control/metrics/status.h"
#include "tests/control/ports_fixture.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;

struct FakeWorker {
  port::PortCounters port;
  engine::WorkerCounters engine;
  turn::Stats turn;

  WorkerSource source(unsigned number) const { return {number, number + 4, &port, &engine, &turn}; }
};

// The structs hold nothing but counters, so each can be walked as an array of them.
template <class Counters>
std::span<net::Counter> all(Counters& counters) {
  static_assert(sizeof(Counters) % sizeof(net::Counter) == 0 && std::is_standard_layout_v<Counters>);
  return {reinterpret_cast<net::Counter*>(&counters), sizeof(Counters) / sizeof(net::Counter)};
}

/// name{labels} -> value, of one exposition.
std::map<std::string, double> parse(const std::string& text) {
  std::map<std::string, double> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto space = line.rfind(' ');
    EXPECT_TRUE(samples.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second) << "twice: " << line;
  }
  return samples;
}

std::string scrape(const std::vector<WorkerSource>& workers, const ProcessState& state = {}) {
  const LoadMeter load(workers, 1e9);
  return expose(Collector(workers, load, [&] { return state; }));
}

// Exported as a sum of port and worker, which a test of its own checks.
void leave_out_sums(FakeWorker& fake) {
  for (net::Counter* c : {&fake.engine.handed_over, &fake.engine.taken_over, &fake.engine.held}) c->set(0);
  for (net::Counter& c : fake.engine.dropped) c.set(0);
}

TEST(Metrics, EveryCounterIsExported) {
  FakeWorker fake;
  std::uint64_t next = 1'000'003;
  std::map<std::uint64_t, std::size_t> seen;
  for (const auto& counters : {all(fake.port), all(fake.engine), all(fake.turn)}) {
    for (net::Counter& counter : counters) counter.set(next++);
  }
  leave_out_sums(fake);
  for (const auto& counters : {all(fake.port), all(fake.engine), all(fake.turn)}) {
    for (const net::Counter& counter : counters) seen.emplace(counter.get(), 0);
  }
  seen.erase(0);
  const WorkerSource source = fake.source(0);
  for (const CounterRow& row : counter_rows()) {
    const auto found = seen.find(row.read(source, row.index));
    ASSERT_NE(found, seen.end()) << row.name;
    ++found->second;
  }
  // What steering counts below the services is part of the packet equation, too.
  std::set<std::uint64_t> twice = {fake.port.handed_over.get(), fake.port.taken_over.get(), fake.port.held.get(),
                                   fake.port.dropped[static_cast<std::size_t>(net::Drop::handoff_full)].get()};
  for (const auto& [value, times] : seen) {
    EXPECT_EQ(times, twice.contains(value) ? 2U : 1U) << "counter number " << value - 1'000'003;
  }
}

TEST(Metrics, HandOversOfPortAndWorkerAreOneSeries) {
  FakeWorker fake;
  fake.port.handed_over.set(3);
  fake.engine.handed_over.set(4);
  fake.port.taken_over.set(50);
  fake.engine.taken_over.set(60);
  fake.port.held.set(700);
  fake.engine.held.set(800);
  const auto samples = parse(scrape({fake.source(1)}));
  EXPECT_EQ(samples.at("penstock_packets_handed_over_total{worker=\"1\"}"), 7);
  EXPECT_EQ(samples.at("penstock_packets_taken_over_total{worker=\"1\"}"), 110);
  EXPECT_EQ(samples.at("penstock_packets_held{worker=\"1\"}"), 1500);
  EXPECT_EQ(samples.at("penstock_steering_handed_over_total{worker=\"1\"}"), 3);
}

TEST(Metrics, DropsOfPortAndWorkerAreOneSeriesPerReason) {
  FakeWorker fake;
  fake.port.dropped[static_cast<std::size_t>(net::Drop::pool_empty)].set(2);
  fake.engine.dropped[static_cast<std::size_t>(net::Drop::pool_empty)].set(3);
  const auto samples = parse(scrape({fake.source(1)}));
  EXPECT_EQ(samples.at("penstock_packets_dropped_total{worker=\"1\",reason=\"pool_empty\"}"), 5);
  EXPECT_EQ(samples.at("penstock_packets_dropped_total{worker=\"1\",reason=\"no_flow\"}"), 0);
}

TEST(Metrics, ThePacketEquationHoldsInAScrape) {
  FakeWorker fake;
  fake.port.received_packets.set(100);
  fake.engine.taken_over.set(10);
  fake.engine.copied.set(1);
  fake.engine.originated.set(9);
  fake.port.sent_packets.set(70);
  fake.engine.handed_over.set(20);
  fake.engine.punted.set(2);
  fake.engine.consumed.set(8);
  fake.engine.dropped[3].set(11);
  fake.port.dropped[2].set(4);
  fake.engine.held.set(5);
  const auto samples = parse(scrape({fake.source(0)}));
  double in = 0;
  double out = 0;
  for (const auto& [name, value] : samples) {
    for (const char* kind : {"received", "taken_over", "copied", "originated"}) {
      if (name.starts_with(fmt::format("penstock_packets_{}_total{{", kind))) in += value;
    }
    for (const char* kind :
         {"sent_total", "handed_over_total", "punted_total", "consumed_total", "dropped_total", "held"}) {
      if (name.starts_with(fmt::format("penstock_packets_{}{{", kind))) out += value;
    }
  }
  EXPECT_EQ(in, 120);
  EXPECT_EQ(out, in);
}

bool is_name(std::string_view text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// What `promtool check metrics` asks, of every family.
TEST(Metrics, ExpositionIsWellFormed) {
  const FakeWorker one;
  const FakeWorker two;
  const std::vector<WorkerSource> workers{one.source(0), two.source(1)};
  ProcessState state;
  state.relay_ports = {{"192.0.2.1", 5, 100}};
  state.ports = two_devices();
  const LoadMeter load(workers, 1e9);
  const auto families = Collector(workers, load, [&] { return state; }).Collect();
  std::set<std::string> names;
  for (const auto& family : families) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " is there twice";
    EXPECT_TRUE(is_name(family.name)) << family.name;
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
    EXPECT_EQ(family.name.ends_with("_total"), family.type == prometheus::MetricType::Counter) << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
    for (const auto& metric : family.metric) {
      for (const auto& label : metric.label) EXPECT_TRUE(is_name(label.name)) << label.name;
    }
  }
  parse(expose(Collector(workers, load, [&] { return state; })));
}

TEST(Metrics, LoadIsOfTheLastInterval) {
  FakeWorker fake;
  const std::vector<WorkerSource> workers{fake.source(0)};
  LoadMeter meter(workers, 2e9);
  fake.port.received_packets.set(1'000'000);
  fake.engine.busy_cycles.set(900'000'000'000);
  meter.sample(1'000'000'000);
  EXPECT_EQ(meter.loads()[0].cycles_per_packet, 0);
  fake.port.received_packets.add(900);
  fake.engine.taken_over.add(100);
  fake.engine.busy_cycles.add(1'000'000);
  meter.sample(2'000'000'000);
  EXPECT_DOUBLE_EQ(meter.loads()[0].cycles_per_packet, 1000);
  EXPECT_DOUBLE_EQ(meter.loads()[0].packets_per_s, 1000);
  EXPECT_DOUBLE_EQ(meter.loads()[0].busy_ratio, 0.0005);
  meter.sample(3'000'000'000);
  EXPECT_EQ(meter.loads()[0].cycles_per_packet, 0) << "an idle worker has no cost per packet";
}

TEST(Metrics, UseIsBetweenZeroAndOne) {
  FakeWorker fake;
  fake.engine.flows.set(5);
  fake.engine.flows_capacity.set(10);
  fake.port.slabs_total.set(8);
  fake.port.slabs_free.set(6);
  const auto samples = parse(scrape({fake.source(0)}));
  EXPECT_EQ(samples.at("penstock_table_use_ratio{worker=\"0\",table=\"flows\"}"), 0.5);
  EXPECT_EQ(samples.at("penstock_table_use_ratio{worker=\"0\",table=\"channels\"}"), 0);
  EXPECT_EQ(samples.at("penstock_pool_use_ratio{worker=\"0\",pool=\"slabs\"}"), 0.25);
}

TEST(Status, ShowsWorkersDropsAndState) {
  FakeWorker fake;
  fake.port.received_packets.set(7);
  fake.engine.dropped[static_cast<std::size_t>(net::Drop::no_flow)].set(2);
  fake.turn.allocations.set(3);
  ProcessState state;
  state.ready = true;
  state.listening = {"192.0.2.1:3478"};
  const auto json = nlohmann::json::parse(status_json({fake.source(0)}, {Load{}}, state));
  EXPECT_EQ(json["state"], "ready");
  EXPECT_EQ(json["workers"][0]["cpu"], 4);
  EXPECT_EQ(json["workers"][0]["packets_received"], 7);
  EXPECT_EQ(json["workers"][0]["allocations"], 3);
  EXPECT_EQ(json["drops"], (nlohmann::json{{"no_flow", 2}}));
  EXPECT_EQ(json["listening"][0], "192.0.2.1:3478");
}

}  // namespace
}  // namespace penstock::control

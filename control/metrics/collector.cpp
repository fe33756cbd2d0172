#include "control/metrics/collector.h"

#include <prometheus/text_serializer.h>

#include "control/config/version.h"
#include "control/metrics/counter_table.h"
#include "control/metrics/families.h"
#include "control/metrics/port_families.h"
#include "control/metrics/sfu_families.h"

namespace penstock::control {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void add_counters(Families& families, const std::vector<WorkerSource>& workers) {
  for (const CounterRow& row : counter_rows()) {
    families.family(row.name, row.kind, row.help);
    for (const WorkerSource& worker : workers) {
      families.add(static_cast<double>(row.read(worker, row.index)),
                   {{"worker", std::to_string(worker.worker)}, {row.label, row.value}});
    }
  }
}

void add_loads(Families& families, const std::vector<WorkerSource>& workers, const std::vector<Load>& loads) {
  families.family("penstock_cycles_per_packet", MetricKind::gauge, "Busy TSC cycles per packet, of the last seconds.");
  for (std::size_t i = 0; i < workers.size(); ++i) {
    families.add(loads[i].cycles_per_packet, {{"worker", std::to_string(workers[i].worker)}});
  }
  families.family("penstock_busy_ratio", MetricKind::gauge,
                  "Share of the core that packets took in the last seconds; the rest is headroom.");
  for (std::size_t i = 0; i < workers.size(); ++i) {
    families.add(loads[i].busy_ratio, {{"worker", std::to_string(workers[i].worker)}});
  }
}

void add_use(Families& families, const std::vector<WorkerSource>& workers) {
  families.family("penstock_table_use_ratio", MetricKind::gauge, "How full each table is, from 0 to 1.");
  for (const WorkerSource& w : workers) {
    const std::string worker = std::to_string(w.worker);
    const auto add = [&](const char* table, const net::Counter& used, const net::Counter& room) {
      families.add(ratio(used.get(), room.get()), {{"worker", worker}, {"table", table}});
    };
    add("flows", w.engine->flows, w.engine->flows_capacity);
    add("allocations", w.turn->allocations, w.turn->allocations_capacity);
    add("permissions", w.turn->permissions, w.turn->permissions_capacity);
    add("channels", w.turn->channels, w.turn->channels_capacity);
  }
  families.family("penstock_pool_use_ratio", MetricKind::gauge, "How much of each pool is taken, from 0 to 1.");
  for (const WorkerSource& w : workers) {
    const std::string worker = std::to_string(w.worker);
    const std::uint64_t slabs = w.port->slabs_total.get();
    const std::uint64_t slabs_free = std::min(slabs, w.port->slabs_free.get());
    families.add(ratio(w.engine->packets_in_use.get(), w.engine->packets_total.get()),
                 {{"worker", worker}, {"pool", "packets"}});
    families.add(ratio(slabs - slabs_free, slabs), {{"worker", worker}, {"pool", "slabs"}});
  }
}

void add_relay_ports(Families& families, const ProcessState& state) {
  families.family("penstock_turn_relay_ports_taken", MetricKind::gauge, "Relayed ports in use, by relay address.");
  for (const RelayPortUse& use : state.relay_ports) families.add(use.taken, {{"address", use.address}});
  families.family("penstock_turn_relay_ports", MetricKind::gauge, "Relayed ports there are, by relay address.");
  for (const RelayPortUse& use : state.relay_ports) families.add(use.total, {{"address", use.address}});
}

void add_control(Families& families, const std::vector<WorkerSource>& workers, const ProcessState& state) {
  families.family("penstock_build_info", MetricKind::gauge, "Always 1; the labels say what runs.");
  families.add(1, {{"version", kVersion}, {"compiler", __VERSION__}});
  families.family("penstock_worker_info", MetricKind::gauge, "Always 1; which core each worker is pinned to.");
  for (const WorkerSource& w : workers) {
    families.add(1, {{"worker", std::to_string(w.worker)}, {"cpu", std::to_string(w.cpu)}});
  }
  families.family("penstock_start_time_seconds", MetricKind::gauge, "Start of the process, Unix time.");
  families.add(static_cast<double>(state.started_unix_s));
  families.family("penstock_ready", MetricKind::gauge, "1 when new allocations are taken.");
  families.add(state.ready ? 1 : 0);
  families.family("penstock_draining", MetricKind::gauge, "1 after SIGTERM.");
  families.add(state.draining ? 1 : 0);
  families.family("penstock_control_turns_total", MetricKind::counter, "Things that the control thread did.");
  families.add(static_cast<double>(state.control.turns));
  families.family("penstock_control_busy_seconds_total", MetricKind::counter, "CPU time of the control thread.");
  families.add(static_cast<double>(state.control.busy_ns) / 1e9);
  families.family("penstock_control_longest_turn_seconds", MetricKind::gauge,
                  "CPU time of the longest one, for which all others waited.");
  families.add(static_cast<double>(state.control.longest_turn_ns) / 1e9);
  families.family("penstock_control_recent_longest_turn_seconds", MetricKind::gauge,
                  "CPU time of the longest one of the last five to ten seconds.");
  families.add(static_cast<double>(state.control.recent_longest_turn_ns) / 1e9);
  families.family("penstock_reloads_total", MetricKind::counter, "Reloads of the configuration, by outcome.");
  families.add(static_cast<double>(state.reloads), {{"outcome", "applied"}});
  families.add(static_cast<double>(state.reloads_failed), {{"outcome", "refused"}});
  families.family("penstock_allocation_records_total", MetricKind::counter, "Records of ended allocations.");
  families.add(static_cast<double>(state.records_written), {{"outcome", "written"}});
  families.add(static_cast<double>(state.records_failed), {{"outcome", "failed"}});
}

}  // namespace

Collector::Collector(std::vector<WorkerSource> workers, const LoadMeter& load, std::function<ProcessState()> state)
    : workers_(std::move(workers)), load_(load), state_(std::move(state)) {}

std::vector<prometheus::MetricFamily> Collector::Collect() const {
  const ProcessState state = state_();
  Families families;
  add_counters(families, workers_);
  add_loads(families, workers_, load_.loads());
  add_use(families, workers_);
  add_relay_ports(families, state);
  add_port_families(families, state.ports);
  add_sfu_families(families, workers_, state.rooms);
  add_control(families, workers_, state);
  add_process_families(families);
  return families.take();
}

std::string expose(const prometheus::Collectable& collectable) {
  return prometheus::TextSerializer().Serialize(collectable.Collect());
}

}  // namespace penstock::control

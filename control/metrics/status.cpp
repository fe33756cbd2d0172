#include "control/metrics/status.h"

#include <nlohmann/json.hpp>

#include "control/config/version.h"

namespace penstock::control {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t dropped(const WorkerSource& w, std::size_t reason) {
  return w.port->dropped[reason].get() + w.engine->dropped[reason].get();
}

std::uint64_t dropped(const WorkerSource& w) {
  std::uint64_t sum = 0;
  for (std::size_t reason = 0; reason < net::kDropCount; ++reason) sum += dropped(w, reason);
  return sum;
}

Json worker_json(const WorkerSource& w, const Load& load) {
  return {{"worker", w.worker},
          {"cpu", w.cpu},
          {"packets_received", w.port->received_packets.get()},
          {"packets_sent", w.port->sent_packets.get()},
          {"bytes_received", w.port->received_bytes.get()},
          {"bytes_sent", w.port->sent_bytes.get()},
          {"packets_dropped", dropped(w)},
          {"kernel_drops", w.port->kernel_drops.get()},
          {"allocations", w.turn->allocations.get()},
          {"permissions", w.turn->permissions.get()},
          {"channels", w.turn->channels.get()},
          {"cycles_per_packet", load.cycles_per_packet},
          {"busy_ratio", load.busy_ratio},
          {"longest_pass_us", load.longest_pass_us}};
}

Json drops_json(const std::vector<WorkerSource>& workers) {
  Json drops = Json::object();
  for (std::size_t reason = 0; reason < net::kDropCount; ++reason) {
    std::uint64_t sum = 0;
    for (const WorkerSource& w : workers) sum += dropped(w, reason);
    if (sum > 0) drops[std::string(net::kDropNames[reason])] = sum;
  }
  return drops;
}

}  // namespace

std::string status_json(const std::vector<WorkerSource>& workers, const std::vector<Load>& loads,
                        const ProcessState& state) {
  Json ports = Json::array();
  for (const RelayPortUse& use : state.relay_ports) {
    ports.push_back({{"address", use.address}, {"taken", use.taken}, {"total", use.total}});
  }
  Json rows = Json::array();
  for (std::size_t i = 0; i < workers.size(); ++i) rows.push_back(worker_json(workers[i], loads[i]));
  const Json status = {{"version", kVersion},
                       {"state", state.draining ? "draining"
                                 : state.ready  ? "ready"
                                                : "starting"},
                       {"uptime_s", state.uptime_s},
                       {"listening", state.listening},
                       {"uris", state.uris},
                       {"relay_ports", ports},
                       {"workers", rows},
                       {"drops", drops_json(workers)}};
  return status.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace penstock::control

#include "control/metrics/load_meter.h"

#include <algorithm>

namespace penstock::control {

LoadMeter::LoadMeter(std::vector<WorkerSource> workers, double tsc_hz)
    : workers_(std::move(workers)), tsc_hz_(tsc_hz), last_(workers_.size()), loads_(workers_.size()) {}

void LoadMeter::sample(std::uint64_t now_ns) {
  const double seconds = static_cast<double>(now_ns - last_ns_) / 1e9;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const WorkerSource& worker = workers_[i];
    const Reading now{worker.port->received_packets.get() + worker.port->taken_over.get() +
                          worker.engine->taken_over.get() +
                          (worker.sfu == nullptr ? 0 : worker.sfu->packets_taken.get()),
                      worker.engine->busy_cycles.get()};
    if (last_ns_ != 0 && seconds > 0) {
      const auto packets = static_cast<double>(now.packets - last_[i].packets);
      const auto cycles = static_cast<double>(now.busy_cycles - last_[i].busy_cycles);
      loads_[i] = {packets > 0 ? cycles / packets : 0, std::min(1.0, cycles / (tsc_hz_ * seconds)), packets / seconds,
                   0};
    }
    loads_[i].longest_pass_us = static_cast<double>(worker.engine->recent_longest_pass_cycles.get()) * 1e6 / tsc_hz_;
    last_[i] = now;
  }
  last_ns_ = now_ns;
}

}  // namespace penstock::control

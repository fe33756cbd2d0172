#include "bench/peers/sfu/fan_out/measurement.h"

#include <algorithm>
#include <utility>

#include "bench/load/turn/clock.h"

namespace penstock::peers {
namespace {

constexpr double kStragglersS = 0.25;

/// Sends frames when they are due, and receives in between.
class Metronome {
 public:
  Metronome(Cast& cast, double frames_per_second)
      : cast_(cast),
        interval_ns_(1e9 / (frames_per_second * cast.options().publishers)),
        start_ns_(static_cast<double>(load::now_ns())) {}

  void run_until(std::uint64_t end_ns) {
    for (std::uint64_t now_ns = load::now_ns(); now_ns < end_ns; now_ns = load::now_ns()) {
      if (static_cast<double>(now_ns) >= start_ns_ + static_cast<double>(frames_) * interval_ns_) beat(now_ns);
      cast_.turn();
    }
  }
  std::uint64_t frames() const { return frames_; }
  /// The longest that a frame was late, since this was asked last.
  std::uint64_t take_latest_ns() { return std::exchange(latest_ns_, 0); }

 private:
  void beat(std::uint64_t now_ns) {
    const auto due_ns = static_cast<std::uint64_t>(start_ns_ + static_cast<double>(frames_) * interval_ns_);
    latest_ns_ = std::max(latest_ns_, now_ns - std::min(now_ns, due_ns));
    cast_.send_frame(static_cast<unsigned>(frames_ % cast_.options().publishers), now_ns);
    ++frames_;
  }

  Cast& cast_;
  double interval_ns_;
  double start_ns_;
  std::uint64_t frames_ = 0;
  std::uint64_t latest_ns_ = 0;
};

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

nlohmann::json latency(const load::Histogram& histogram) {
  return {{"p50", us(histogram.percentile_ns(0.5))},
          {"p99", us(histogram.percentile_ns(0.99))},
          {"p999", us(histogram.percentile_ns(0.999))},
          {"max", us(histogram.max_ns())}};
}

}  // namespace

nlohmann::json measure(Cast& cast, const load::ServerProcess& server, const Pace& pace) {
  Arrivals& arrivals = cast.arrivals();
  const auto& options = cast.options();
  Metronome metronome(cast, pace.frames_per_second);
  metronome.run_until(load::now_ns() + load::to_ns(pace.warmup_s));
  metronome.take_latest_ns();

  const std::uint64_t begin_ns = load::now_ns();
  const std::uint64_t frames_before = metronome.frames();
  const std::uint64_t packets_before = arrivals.packets();
  arrivals.begin(begin_ns);
  const load::ServerCost before = load::cost_so_far(server);
  metronome.run_until(begin_ns + load::to_ns(pace.duration_s));
  const load::ServerCost cost = load::cost_since(before, server);
  const std::uint64_t end_ns = load::now_ns();
  const std::uint64_t output = arrivals.packets() - packets_before;
  const std::uint64_t sent = (metronome.frames() - frames_before) * options.shape.packets;
  arrivals.end(end_ns);
  for (const std::uint64_t stop_ns = end_ns + load::to_ns(kStragglersS); load::now_ns() < stop_ns;) cast.turn();

  const double seconds = static_cast<double>(end_ns - begin_ns) / 1e9;
  const std::uint64_t expected = sent * options.receivers / options.publishers;
  const std::uint64_t received = arrivals.counted() != 0 ? arrivals.counted() : arrivals.packets() - packets_before;
  nlohmann::json report{
      {"seconds", seconds},
      {"sent", sent},
      {"expected", expected},
      {"received", received},
      {"loss_ratio", expected == 0 ? 0 : 1 - static_cast<double>(received) / static_cast<double>(expected)},
      {"fewest_of_a_receiver", arrivals.fewest()},
      {"overtaken", arrivals.overtaken()},
      {"output_pps", static_cast<double>(output) / seconds},
      {"utilisation", static_cast<double>(cost.cpu_ns) / 1e9 / seconds},
      {"sleeps_per_second", static_cast<double>(cost.sleeps) / seconds},
      {"latest_frame_us", us(metronome.take_latest_ns())},
      {"latency_us", latency(arrivals.latency())},
      {"findings", cast.findings()}};
  if (output != 0) report["cpu_us_per_packet"] = us(cost.cpu_ns) / static_cast<double>(output);
  return report;
}

}  // namespace penstock::peers

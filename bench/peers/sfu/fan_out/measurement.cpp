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

/// How many packets should have come and how many did. Receivers that cannot read stamps know nothing of intervals, so
/// for them it is all there was.
struct Delivery {
  std::uint64_t expected = 0;
  std::uint64_t received = 0;

  nlohmann::json report() const {
    const double share = expected == 0 ? 0 : static_cast<double>(received) / static_cast<double>(expected);
    return {{"expected", expected}, {"received", received}, {"loss_ratio", expected == 0 ? 0 : 1 - share}};
  }
};

Delivery delivery(const Cast& cast, const Arrivals& arrivals, std::uint64_t frames, std::uint64_t all_frames) {
  const auto& options = cast.options();
  const std::uint64_t copies = options.shape.packets * (options.receivers / options.publishers);
  if (arrivals.counted() != 0) return {.expected = frames * copies, .received = arrivals.counted()};
  return {.expected = all_frames * copies, .received = arrivals.packets()};
}

}  // namespace

nlohmann::json measure(Cast& cast, const load::ServerProcess& server, const Pace& pace) {
  Arrivals& arrivals = cast.arrivals();
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
  const std::uint64_t latest_ns = metronome.take_latest_ns();
  arrivals.end(end_ns);
  for (const std::uint64_t stop_ns = end_ns + load::to_ns(kStragglersS); load::now_ns() < stop_ns;) cast.turn();

  const double seconds = static_cast<double>(end_ns - begin_ns) / 1e9;
  nlohmann::json report = delivery(cast, arrivals, metronome.frames() - frames_before, metronome.frames()).report();
  report.update({{"seconds", seconds},
                 {"output_pps", static_cast<double>(output) / seconds},
                 {"fewest_of_a_receiver", arrivals.fewest()},
                 {"overtaken", arrivals.overtaken()},
                 {"utilisation", static_cast<double>(cost.cpu_ns) / 1e9 / seconds},
                 {"sleeps_per_second", static_cast<double>(cost.sleeps) / seconds},
                 {"latest_frame_us", us(latest_ns)},
                 {"latency_us", latency(arrivals.latency())},
                 {"findings", cast.findings()}});
  if (output != 0) report["cpu_us_per_packet"] = us(cost.cpu_ns) / static_cast<double>(output);
  return report;
}

}  // namespace penstock::peers

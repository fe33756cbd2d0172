#include "bench/load/frames/spin.h"

#include <rte_cycles.h>

namespace penstock::frames {

SpinResult spin(double seconds, double rate_per_s) {
  const auto hz = static_cast<double>(rte_get_tsc_hz());
  const auto cycles_of = [hz](double s) { return static_cast<std::uint64_t>(s * hz); };
  SpinResult result;
  const std::uint64_t begin = rte_rdtsc();
  const std::uint64_t end = begin + cycles_of(seconds);
  const std::uint64_t pause = cycles_of(10e-6);
  const double interval = hz / rate_per_s;
  double due = static_cast<double>(begin);
  std::uint64_t now = begin;
  for (std::uint64_t last = begin; now < end; last = now) {
    now = rte_rdtsc();
    if (now - last > pause) ++result.pauses;
    for (; due <= static_cast<double>(now); due += interval) {
      result.lateness.record(static_cast<std::uint64_t>((static_cast<double>(now) - due) * 1e9 / hz));
    }
  }
  result.seconds = static_cast<double>(now - begin) / hz;
  return result;
}

}  // namespace penstock::frames

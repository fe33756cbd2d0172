#include "bench/load/sfu/relay/spin.h"

#include <algorithm>
#include <thread>

#include "bench/load/turn/clock.h"
#include "bench/load/turn/server_process.h"

namespace penstock::load::sfu {
namespace {

constexpr std::uint64_t kWorthNoting_ns = 1000;

}  // namespace

SpinResult spin_on(unsigned cpu, double seconds) {
  SpinResult result;
  std::thread spinner([&] {
    (void)pin_to_cpu(cpu);
    std::uint64_t last = now_ns();
    const std::uint64_t end = last + to_ns(seconds);
    while (last < end) {
      const std::uint64_t now = now_ns();
      if (now - last > kWorthNoting_ns) result.gaps.record(now - last);
      result.longest_ns = std::max(result.longest_ns, now - last);
      last = now;
    }
  });
  spinner.join();
  return result;
}

}  // namespace penstock::load::sfu

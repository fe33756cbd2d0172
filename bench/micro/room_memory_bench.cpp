// What memory a worker's side of a room takes: bytes of resident memory for each endpoint with its pair and keys, for
// each subscription that is idle, and for one that forwards video, of 10,000 of each.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>

#include "bench/micro/broadcast_room.h"

namespace penstock::bench {
namespace {

double resident_bytes() {
  long pages = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Argument: endpoints.
void room_memory(benchmark::State& state) {
  for (auto _ : state) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    BroadcastRoom room({.subscribers = count, .empty = true, .subscriptions_of_each = 2});
    double before = resident_bytes();
    const auto each = [&](const char* name) {
      const double now = resident_bytes();
      state.counters[name] = (now - before) / count;
      before = now;
    };
    room.add_subscribers();
    each("endpoint");
    room.subscribe(true);
    each("idle_subscription");
    room.subscribe(true);
    each("further_idle_subscription");
    room.play();
    each("more_when_active");
  }
}
BENCHMARK(room_memory)->Arg(1000)->Arg(10'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::bench

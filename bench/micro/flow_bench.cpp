// Flow lookup by burst, at table sizes that fit the L2 cache, the L3 cache and neither. Per packet.

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "dataplane/engine/flow_table.h"
#include "dataplane/net/packet_pool.h"

namespace penstock::engine {
namespace {

constexpr std::size_t kBurst = 64;

net::Endpoint endpoint(std::uint32_t n) {
  return {net::Address::v4(0x0a000000 + n / 50'000), static_cast<std::uint16_t>(1024 + n % 50'000)};
}

void flow_lookup(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  if (!net::start_environment(64)) return state.SkipWithError("no environment");
  static auto pool = net::PacketPool::create("flow-bench", 255, 64);
  FlowTable table(flows);
  for (std::uint32_t i = 0; i < flows; ++i) table.insert(0, endpoint(i));

  std::mt19937 random(1);
  std::vector<std::uint32_t> keys(1 << 16);
  for (auto& key : keys) key = static_cast<std::uint32_t>(random() % flows);
  net::Burst burst;
  for (std::size_t i = 0; i < kBurst; ++i) burst.push(pool->allocate());

  std::size_t next = 0;
  for (auto _ : state) {
    for (net::Packet* p : burst) {
      net::info(p).local = 0;
      net::info(p).remote = endpoint(keys[next++ % keys.size()]);
    }
    table.find_burst(burst.span());
    benchmark::DoNotOptimize(net::info(burst.packets[0]).flow);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBurst));
  state.counters["ns_per_packet"] = benchmark::Counter(static_cast<double>(state.iterations() * kBurst) / 1e9,
                                                       benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  for (net::Packet* p : burst) net::free(p);
}
BENCHMARK(flow_lookup)->Arg(1 << 10)->Arg(1 << 16)->Arg(1 << 20);

}  // namespace
}  // namespace penstock::engine

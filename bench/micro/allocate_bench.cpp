// Allocate and Refresh with lifetime 0, authenticated, through the TURN service on memory_port. `allocations_per_s`:
// per second of thread CPU time, feeding the port included. The nonces have been learnt before.

#include <benchmark/benchmark.h>

#include <ctime>
#include <vector>

#include "tests/turn/client.h"

namespace penstock::turn {
namespace {

using test::BedOptions;
using test::Client;
using test::Payload;
using test::TestBed;

constexpr std::size_t kAtOnce = 64;

struct Exchange {
  net::Endpoint client;
  Payload allocate;
  Payload refresh;
};

BedOptions options() {
  BedOptions options;
  options.record = false;
  options.fixed.allocations_per_worker = 4096;
  options.fixed.port_max = 32'767;
  return options;
}

// Messages of a client that allocates and lets go, again and again.
std::vector<Exchange> exchanges(TestBed& bed) {
  std::vector<Exchange> out;
  bed.port().set_record(true);
  for (std::uint16_t i = 0; i < kAtOnce; ++i) {
    Client client(bed, {net::Address::v4(0xc0000201), static_cast<std::uint16_t>(1024 + i)});
    client.exchange(client.plain(stun::Method::allocate, test::requested_transport, client.next_id()));
    Exchange e{client.endpoint(), {}, {}};
    e.allocate = client.signed_request(stun::Method::allocate, test::requested_transport, client.next_id());
    e.refresh =
        client.signed_request(stun::Method::refresh, [](stun::MessageBuilder& b) { b.lifetime(0); }, client.next_id());
    out.push_back(std::move(e));
  }
  bed.port().set_record(false);
  return out;
}

void allocate_and_release(benchmark::State& state) {
  TestBed bed(options());
  const std::vector<Exchange> clients = exchanges(bed);
  const net::LocalId listener = bed.port().find(test::kListen4);
  const std::uint64_t before = bed.stats().successes[static_cast<std::size_t>(Method::allocate)].get();
  const std::clock_t cpu_before = std::clock();
  for (auto _ : state) {
    for (const Exchange& e : clients) bed.port().inject(listener, e.client, e.allocate);
    bed.worker().pass(bed.now_ns());
    for (const Exchange& e : clients) bed.port().inject(listener, e.client, e.refresh);
    bed.worker().pass(bed.now_ns());
    (void)bed.records();
  }
  const double cpu_s = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
  const auto allocations =
      static_cast<double>(bed.stats().successes[static_cast<std::size_t>(Method::allocate)].get() - before);
  state.counters["allocations_per_s"] = allocations / cpu_s;
  state.counters["us_per_allocation"] = cpu_s * 1e6 / allocations;
  if (bed.stats().allocations.get() != 0 || bed.all_drops() != 0) state.SkipWithError("not every request was granted");
}
BENCHMARK(allocate_and_release);

}  // namespace
}  // namespace penstock::turn

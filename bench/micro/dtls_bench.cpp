// What a DTLS-SRTP handshake costs a handshake thread, without the peer's half: CPU time per handshake, and handshakes
// per CPU second.

#include "tests/control/dtls_bench.h"

#include <benchmark/benchmark.h>

#include <ctime>

namespace penstock::control::dtls::testing {
namespace {

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// One handshake; returns the CPU time that our side took, negative when it failed.
double shake_hands(DtlsBench& bench, const PeerOptions& options, EndpointRef endpoint) {
  OpensslPeer peer(options);
  double ours = 0;
  const auto measured = [&](auto act) {
    const double before = cpu_s();
    act();
    ours += cpu_s() - before;
  };
  measured([&] { bench.add(peer, options.server ? Role::active : Role::passive, endpoint); });
  if (options.server) {
    measured([&] { bench.pair_ready(endpoint); });
  } else {
    peer.begin();
  }
  for (int round = 0; round < 4; ++round) {
    while (!peer.sent.empty()) {
      measured([&] { bench.deliver(peer.sent.front(), endpoint); });
      peer.sent.pop_front();
    }
    for (const Datagram& datagram : bench.take_sent()) peer.receive(datagram);
  }
  measured([&] {
    bench.associations().settle(endpoint);
    bench.associations().remove(endpoint);
  });
  const bool good = peer.secured() && bench.result() == Result::secured;
  bench.reports.clear();
  return good ? ours : -1;
}

void handshake(benchmark::State& state, PeerOptions options) {
  DtlsBench bench;
  for (auto _ : state) {
    const double taken = shake_hands(bench, options, DtlsBench::endpoint());
    if (taken < 0) return state.SkipWithError("the handshake failed");
    state.SetIterationTime(taken);
  }
  state.counters["handshakes_per_cpu_s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(handshake, passive, PeerOptions{})->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, passive_rsa_peer, PeerOptions{.key = "RSA"})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake, active, PeerOptions{.server = true})->UseManualTime()->Unit(benchmark::kMicrosecond);

/// What a flood of garbage costs per datagram, most of it refused for its rate.
void refused_datagram(benchmark::State& state) {
  DtlsBench bench;
  OpensslPeer peer;
  bench.add(peer);
  Datagram datagram(1200, 0x16);
  for (auto _ : state) bench.deliver(datagram);
}
BENCHMARK(refused_datagram);

}  // namespace
}  // namespace penstock::control::dtls::testing

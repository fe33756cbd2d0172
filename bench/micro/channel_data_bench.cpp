// ChannelData, and Send and Data indications, through the TURN service: single packets of all channels in random order.
// Fed by memory_port; every channel has an allocation of its own. `ns_per_packet`: CPU time of whole passes,
// memory_port included; `classify_ns` and `service_ns`: what flow lookup and the service took of it, by their share of
// the cycles.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <random>
#include <vector>

#include "dataplane/engine/counters.h"
#include "tests/turn/client.h"

namespace penstock::turn {
namespace {

using test::BedOptions;
using test::Client;
using test::TestBed;

constexpr std::uint16_t kChannel = 0x4000;
constexpr std::uint16_t kPayload = 100;
constexpr std::uint8_t kSendHead = 36;

net::Endpoint client_endpoint(std::uint32_t n) {
  return {net::Address::v4(0xc0000200 + n / 50'000), static_cast<std::uint16_t>(1024 + n % 50'000)};
}
net::Endpoint peer_endpoint(std::uint32_t n) {
  return {net::Address::v4(0x09000000 + n / 50'000), static_cast<std::uint16_t>(1024 + n % 50'000)};
}

// A relay with that many allocations of one channel each, and the packets of either direction.
struct Relay {
  explicit Relay(std::uint32_t channels) : bed(options(channels)) {
    const net::LocalId listener = bed.port().find(test::kListen4);
    for (std::uint32_t n = 0; n < channels; ++n) {
      Client client(bed, client_endpoint(n));
      const net::Endpoint relayed = client.allocated();
      if (client.bind(kChannel, peer_endpoint(n)).code() != 0) throw std::runtime_error("ChannelBind refused");
      port::MemoryTemplate up;
      up.remote = client_endpoint(n);
      up.local = listener;
      up.size = kPayload + 4;
      up.head_size = 4;
      stun::store_be16(up.head.data(), kChannel);
      stun::store_be16(up.head.data() + 2, kPayload);
      to_peer.push_back(up);
      port::MemoryTemplate down;
      down.remote = peer_endpoint(n);
      down.local = bed.port().find(relayed);
      down.size = kPayload;
      to_client.push_back(down);
      port::MemoryTemplate send = up;
      send.size = kSendHead + kPayload;
      send.head_size = kSendHead;
      const auto indication = client.send_indication(peer_endpoint(n), test::payload(kPayload));
      std::copy_n(indication.begin(), kSendHead, send.head.begin());
      sends.push_back(send);
      port::MemoryTemplate data = down;
      data.remote.port = 1000;  // any port but the channel's
      datas.push_back(data);
    }
    std::mt19937 random(1);
    for (auto* packets : {&to_peer, &to_client, &sends, &datas}) std::shuffle(packets->begin(), packets->end(), random);
    bed.port().set_record(false);
  }

  static BedOptions options(std::uint32_t channels) {
    BedOptions options;
    options.fixed.relay_addresses = {{test::kRelay4, test::kRelay4},
                                     {net::Address::v4(0xcb007102), net::Address::v4(0xcb007102)}};
    options.fixed.port_min = 10'000;
    options.fixed.port_max = 59'999;
    options.fixed.allocations_per_worker = channels;
    options.fixed.permissions_per_worker = channels;
    options.fixed.channels_per_worker = channels;
    return options;
  }

  TestBed bed;
  std::vector<port::MemoryTemplate> to_peer;
  std::vector<port::MemoryTemplate> to_client;
  std::vector<port::MemoryTemplate> sends;
  std::vector<port::MemoryTemplate> datas;
};

// Made once for the benchmarks of one size, which follow each other; there is only one at a time.
Relay& relay_with(std::uint32_t channels) {
  static std::unique_ptr<Relay> relay;
  if (!relay || relay->to_peer.size() != channels) {
    relay.reset();
    relay = std::make_unique<Relay>(channels);
  }
  return *relay;
}

struct Cycles {
  explicit Cycles(const engine::WorkerCounters& counters)
      : classify(of(counters, engine::Stage::classify)),
        service(of(counters, engine::Stage::service)),
        all(static_cast<double>(counters.busy_cycles.get())) {}
  static double of(const engine::WorkerCounters& counters, engine::Stage stage) {
    return static_cast<double>(counters.stage_cycles[static_cast<std::size_t>(stage)].get());
  }
  double classify, service, all;
};

void relay_packets(benchmark::State& state, std::vector<port::MemoryTemplate> Relay::* packets_of) {
  Relay& relay = relay_with(static_cast<std::uint32_t>(state.range(0)));
  TestBed& bed = relay.bed;
  if (!bed.port().present(relay.*packets_of)) {
    return state.SkipWithError("no packets");
  }
  engine::WorkerCounters& counters = bed.shard().counters();
  for (int i = 0; i < 2000; ++i) bed.worker().pass(bed.now_ns());
  const std::uint64_t packets_before = bed.port().counters().sent_packets.get();
  const Cycles before(counters);
  const std::clock_t cpu_before = std::clock();
  for (auto _ : state) bed.worker().pass(bed.now_ns());

  const double cpu_ns = static_cast<double>(std::clock() - cpu_before) * 1e9 / CLOCKS_PER_SEC;
  const auto packets = static_cast<double>(bed.port().counters().sent_packets.get() - packets_before);
  const Cycles after(counters);
  const double ns_per_cycle = cpu_ns / (after.all - before.all) / packets;
  state.counters["ns_per_packet"] = cpu_ns / packets;
  state.counters["classify_ns"] = (after.classify - before.classify) * ns_per_cycle;
  state.counters["service_ns"] = (after.service - before.service) * ns_per_cycle;
  state.counters["mpps_per_cpu_second"] = packets / cpu_ns * 1e3;
  state.counters["flows"] = static_cast<double>(bed.shard().flows().size());
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  (void)bed.port().present({});
  bed.run();
  if (!bed.equation_error().empty() || bed.all_drops() != 0) state.SkipWithError("packets were dropped");
}

void channel_to_peer(benchmark::State& state) {
  relay_packets(state, &Relay::to_peer);
}
void peer_to_channel(benchmark::State& state) {
  relay_packets(state, &Relay::to_client);
}
void send_to_peer(benchmark::State& state) {
  relay_packets(state, &Relay::sends);
}
void peer_to_data(benchmark::State& state) {
  relay_packets(state, &Relay::datas);
}
BENCHMARK(channel_to_peer)->Arg(1 << 10);
BENCHMARK(peer_to_channel)->Arg(1 << 10);
BENCHMARK(send_to_peer)->Arg(1 << 10);
BENCHMARK(peer_to_data)->Arg(1 << 10);
BENCHMARK(channel_to_peer)->Arg(1 << 16);
BENCHMARK(peer_to_channel)->Arg(1 << 16);
BENCHMARK(send_to_peer)->Arg(1 << 16);
BENCHMARK(peer_to_data)->Arg(1 << 16);

}  // namespace
}  // namespace penstock::turn

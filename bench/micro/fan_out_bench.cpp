// What a published packet costs with N subscribers, all duties on: R for receiving it and E for each copy, beside the
// bare cipher over as many keys and the same kind of buffers in the same run. Thread CPU time of whole passes of a
// worker, fed and drained by memory. bench/README.md, "Fan-out", says how to read it.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <pthread.h>
#include <rte_lcore.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <map>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include "bench/micro/broadcast_room.h"
#include "dataplane/net/lazy_array.h"
#include "dataplane/rtp/send_history.h"
#include "dataplane/srtp/ipsec_mb/counter_mode.h"
#include "dataplane/srtp/ipsec_mb/gcm.h"
#include "dataplane/srtp/ipsec_mb/manager.h"

namespace penstock::bench {
namespace {

using srtp::Profile;

constexpr std::size_t kHeaderBytes = 32;  // as a forwarded packet has with MID and two extensions
constexpr std::size_t kRound = 64;        // packets between two looks at the clock
constexpr std::size_t kBatch = srtp::kMaxBatch;

std::uint64_t thread_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

void pin(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % std::max(1U, std::thread::hardware_concurrency()), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// Medians of several rounds, in nanoseconds: neighbours on a shared machine only ever add.
class Rounds {
 public:
  void add(double ns) { ns_.push_back(ns); }
  double median() {
    std::ranges::sort(ns_);
    return ns_.empty() ? 0 : ns_[ns_.size() / 2];
  }
  double least() { return ns_.empty() ? 0 : *std::ranges::min_element(ns_); }

 private:
  std::vector<double> ns_;
};

// Of whole passes per packet received, by (profile, payload, burst): N -> ns. For the line R + N x E.
using Line = std::map<std::uint32_t, double>;
std::map<std::tuple<Profile, std::int64_t, std::int64_t>, Line> lines;

// Of the fan-out alone, per output: what decides and begins headers, what encrypts, what hands to the port.
struct FanOutStages {
  std::uint64_t all, protect, send;

  explicit FanOutStages(const sfu::Stats& stats)
      : all(stats.fan_out_cycles.get()), protect(stats.protect_cycles.get()), send(stats.send_cycles.get()) {}
  void show(benchmark::State& state, const sfu::Stats& stats, double outputs) const {
    const FanOutStages now(stats);
    const auto protecting = static_cast<double>(now.protect - protect), sending = static_cast<double>(now.send - send);
    state.counters["cy_offer"] = (static_cast<double>(now.all - all) - protecting - sending) / outputs;
    state.counters["cy_protect"] = protecting / outputs;
    state.counters["cy_send"] = sending / outputs;
  }
};

void show_stages(benchmark::State& state, BroadcastRoom& room,
                 const std::array<std::uint64_t, engine::kStageCount>& before, double packets) {
  static constexpr std::array<const char*, 4> kNames{"cy_receive", "cy_classify", "cy_service", "cy_transmit"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    state.counters[kNames[i]] = static_cast<double>(room.counters().stage_cycles[i].get() - before[i]) / packets;
  }
}

// Arguments: payload bytes, packets that arrive at once, subscribers.
void fan_out(benchmark::State& state, Profile profile) {
  const auto subscribers = static_cast<std::uint32_t>(state.range(2));
  BroadcastRoom room({.subscribers = subscribers,
                      .payload_bytes = static_cast<std::size_t>(state.range(0)),
                      .burst = static_cast<std::size_t>(state.range(1)),
                      .profile = profile});
  std::array<std::uint64_t, engine::kStageCount> stages{};
  for (std::size_t i = 0; i < stages.size(); ++i) stages[i] = room.counters().stage_cycles[i].get();
  const FanOutStages fan_out_stages(room.stats());
  const std::uint64_t sent = room.sent();
  Rounds rounds;
  for (auto _ : state) {
    room.publish(kRound);
    const std::uint64_t start = thread_cpu_ns();
    room.forward();
    const std::uint64_t ns = thread_cpu_ns() - start;
    state.SetIterationTime(static_cast<double>(ns) * 1e-9);
    rounds.add(static_cast<double>(ns) / kRound);
  }
  const auto packets = static_cast<double>(state.iterations() * kRound);
  if (room.sent() - sent < static_cast<std::uint64_t>(packets) * subscribers)
    state.SkipWithError("packets are missing");
  state.counters["ns_packet"] = rounds.median();
  if (subscribers != 0) {
    state.counters["ns_output"] = rounds.median() / subscribers;
    state.counters["ns_least"] = rounds.least() / subscribers;
  }
  show_stages(state, room, stages, packets * std::max(subscribers, 1U));
  if (subscribers != 0) fan_out_stages.show(state, room.stats(), packets * subscribers);
  lines[{profile, state.range(0), state.range(1)}][subscribers] = rounds.median();
}

// R and E of the runs above, by least squares of the relative error, so that one subscriber counts as much as 5,000.
void line(benchmark::State& state, Profile profile) {
  const Line& points = lines[{profile, state.range(0), state.range(1)}];
  if (points.size() < 2) return state.SkipWithError("run it together with fan_out");
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  for (const auto& [n, ns] : points) {
    const double weight = 1 / (ns * ns), x = n;
    w += weight, wx += weight * x, wy += weight * ns, wxx += weight * x * x, wxy += weight * x * ns;
  }
  const double e = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  for (auto _ : state) state.SetIterationTime(1e-9);
  state.counters["E"] = e;
  state.counters["R"] = (wy - e * wx) / w;
}

// Half of the subscribers on each of two workers with threads of their own, on two CPUs: CPU time of either for its
// half, beside that of one worker for all of them.
class Half {
 public:
  explicit Half(BroadcastRoom& room) : room_(room), thread_([this] { run(); }) {}
  ~Half() {
    stop_ = true;
    thread_.join();
  }
  /// Passes until so many packets were forwarded in all.
  void begin(std::uint64_t forwarded) { target_ = forwarded; }
  bool done() const { return reached_ == target_; }
  std::uint64_t cpu_ns() const { return cpu_ns_; }

 private:
  void run() {
    pin(1);
    rte_thread_register();
    while (!stop_) {
      const std::uint64_t target = target_;
      if (reached_ == target) continue;
      const std::uint64_t start = thread_cpu_ns();
      while (room_.stats().forwarded_packets.get() < target && !stop_) room_.pass();
      cpu_ns_ = thread_cpu_ns() - start;
      reached_ = target;
    }
    rte_thread_unregister();
  }

  BroadcastRoom& room_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> target_{0}, reached_{0}, cpu_ns_{0};
  std::thread thread_;
};

// Nanoseconds per output.
double one_worker(const BroadcastOptions& options) {
  BroadcastRoom room(options);
  Rounds rounds;
  for (int i = 0; i < 50; ++i) {
    room.publish(kRound);
    const std::uint64_t start = thread_cpu_ns();
    room.forward();
    rounds.add(static_cast<double>(thread_cpu_ns() - start) / (kRound * static_cast<double>(options.subscribers)));
  }
  return rounds.median();
}

void two_workers(benchmark::State& state) {
  const auto subscribers = static_cast<std::uint32_t>(state.range(2));
  BroadcastOptions options{.subscribers = subscribers,
                           .payload_bytes = static_cast<std::size_t>(state.range(0)),
                           .burst = static_cast<std::size_t>(state.range(1))};
  const double one = one_worker(options);
  Joint joint(2);
  options.subscribers = subscribers / 2;
  options.empty = true;
  options.joint = &joint;
  BroadcastRoom near(options);
  options.worker = 1;
  BroadcastRoom far(options);
  near.add_mirror(1);
  for (BroadcastRoom* room : {&near, &far}) {
    room->add_subscribers();
    room->subscribe();
  }
  pin(0);
  Half half(far);
  const auto drive = [&](std::size_t packets) {
    near.publish(packets);
    half.begin(far.stats().forwarded_packets.get() + packets * options.subscribers);
    const std::uint64_t start = thread_cpu_ns();
    near.forward();
    const std::uint64_t ns = thread_cpu_ns() - start;
    while (!half.done()) near.pass();  // it takes back what the other one has done with
    return ns;
  };
  for (std::size_t i = 0; i < 2 * rtp::SendHistory::kPackets; i += kRound) drive(kRound);
  Rounds first, second;
  const double outputs = kRound * static_cast<double>(subscribers);
  for (auto _ : state) {
    const std::uint64_t ns = drive(kRound);
    first.add(static_cast<double>(ns) / outputs * 2);
    second.add(static_cast<double>(half.cpu_ns()) / outputs * 2);
    state.SetIterationTime(static_cast<double>(ns) * 1e-9);
  }
  state.counters["ns_one"] = one;
  state.counters["ns_first"] = first.median();
  state.counters["ns_second"] = second.median();
  state.counters["speedup"] = 2 * one / std::max(first.median(), second.median());
}

// What both bare ciphers work on: the payload, keys in random order, and outgoing packets' buffers in turn.
struct Bare {
  std::size_t payload_bytes, keys;
  std::vector<std::uint32_t> order = std::vector<std::uint32_t>(keys);
  std::vector<std::uint8_t> payload = std::vector<std::uint8_t>(payload_bytes, 0x5a);
  net::PacketPool pool;
  std::array<net::Packet*, kBatch> packets;
  std::size_t turn = 0;

  explicit Bare(const benchmark::State& state)
      : payload_bytes(static_cast<std::size_t>(state.range(0))),
        keys(static_cast<std::size_t>(state.range(1))),
        pool(start()) {
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::shuffle(order, std::mt19937(1));
    if (!pool.allocate_bulk(packets)) throw std::runtime_error("no packets");
    for (std::size_t i = 0; i < kBatch; ++i) std::memset(out(i), 0x90, kHeaderBytes);
  }
  ~Bare() { rte_pktmbuf_free_bulk(packets.data(), kBatch); }
  static net::PacketPool start() {
    static int number = 0;
    if (!net::start_environment(512)) throw std::runtime_error("no environment");
    return std::move(net::PacketPool::create(fmt::format("bare-{}", ++number), 2047, 1664).value());
  }
  std::uint32_t next_key() {
    if (turn == keys) turn = 0;
    return order[turn++];
  }
  std::uint8_t* out(std::size_t i) { return rte_pktmbuf_mtod(packets[i], std::uint8_t*); }
};

template <class Encrypt>
void run_bare(benchmark::State& state, Encrypt&& encrypt_batch) {
  Rounds rounds;
  for (auto _ : state) {
    const std::uint64_t start = thread_cpu_ns();
    for (std::size_t i = 0; i < kRound; ++i) encrypt_batch();
    const std::uint64_t ns = thread_cpu_ns() - start;
    state.SetIterationTime(static_cast<double>(ns) * 1e-9);
    rounds.add(static_cast<double>(ns) / (kRound * kBatch));
  }
  state.counters["ns_output"] = rounds.median();
}

// Arguments: payload bytes, keys.
void bare_gcm(benchmark::State& state) {
  Bare bare(state);
  const srtp::ipsec_mb::Manager manager = std::move(srtp::ipsec_mb::make_manager().value());
  struct alignas(64) Key {
    gcm_key_data data;
  };
  net::LazyArray<Key> keys(bare.keys);
  for (std::size_t i = 0; i < bare.keys; ++i) {
    const std::array<std::uint32_t, 4> raw{static_cast<std::uint32_t>(i)};
    manager.functions->gcm128_pre(raw.data(), &keys[i].data);
  }
  gcm_context_data work;
  std::array<std::uint8_t, 12> iv{};
  run_bare(state, [&] {
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* out = bare.out(i);
      manager.functions->gcm128_enc(&keys[bare.next_key()].data, &work, out + kHeaderBytes, bare.payload.data(),
                                    bare.payload_bytes, iv.data(), out, kHeaderBytes,
                                    out + kHeaderBytes + bare.payload_bytes, 16);
    }
  });
}

void bare_counter_mode(benchmark::State& state) {
  Bare bare(state);
  const srtp::ipsec_mb::Manager manager = std::move(srtp::ipsec_mb::make_manager().value());
  net::LazyArray<srtp::ipsec_mb::CounterModeKey> keys(bare.keys);
  for (std::size_t i = 0; i < bare.keys; ++i) {
    std::array<std::uint8_t, 36> raw{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    keys[i] =
        srtp::ipsec_mb::expand_counter_mode(*manager.functions, std::span(raw).first<16>(), std::span(raw).last<20>());
  }
  std::array<srtp::ipsec_mb::Lane, kBatch> lanes{};
  run_bare(state, [&] {
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::uint8_t* out = bare.out(i);
      srtp::ipsec_mb::start(*manager.functions, IMB_DIR_ENCRYPT,
                            {&keys[bare.next_key()], out, out + kHeaderBytes, kHeaderBytes, bare.payload_bytes,
                             kHeaderBytes + bare.payload_bytes + 4},
                            lanes[i]);
    }
    srtp::ipsec_mb::finish(*manager.functions);
  });
}

constexpr auto kGcm = Profile::aead_aes_128_gcm;
constexpr auto kCm = Profile::aes128_cm_sha1_80;

void rooms(benchmark::internal::Benchmark* b) {
  b->ArgNames({"payload", "burst", "subscribers"});
  b->ArgsProduct({{1200, 100}, {1, 8}, {0, 1, 10, 100, 1000, 5000}})->UseManualTime();
}
void cases(benchmark::internal::Benchmark* b) {
  b->ArgNames({"payload", "burst"})->ArgsProduct({{1200, 100}, {1, 8}})->UseManualTime()->Iterations(1);
}
void halves(benchmark::internal::Benchmark* b) {
  b->ArgNames({"payload", "burst", "subscribers"})->ArgsProduct({{1200, 100}, {8}, {1000}})->UseManualTime();
}
void keys(benchmark::internal::Benchmark* b) {
  b->ArgNames({"payload", "keys"})->ArgsProduct({{1200, 100}, {1, 10, 100, 1000, 5000}})->UseManualTime();
}

BENCHMARK_CAPTURE(fan_out, gcm128, kGcm)->Apply(rooms);
BENCHMARK_CAPTURE(line, gcm128, kGcm)->Apply(cases);
BENCHMARK(bare_gcm)->Apply(keys);
BENCHMARK(two_workers)->Apply(halves);
BENCHMARK_CAPTURE(fan_out, cm_sha1, kCm)->Apply(rooms);
BENCHMARK_CAPTURE(line, cm_sha1, kCm)->Apply(cases);
BENCHMARK(bare_counter_mode)->Apply(keys);

}  // namespace
}  // namespace penstock::bench

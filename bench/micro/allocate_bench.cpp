// Allocations through the TURN service on memory_port: what a client costs from its first packet to a granted
// allocation (401 and Allocate), and its end (Refresh 0). Thread CPU time of whole passes; the client's own work is
// outside the clock.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <vector>

#include "tests/turn/client.h"

namespace penstock::turn {
namespace {

using test::BedOptions;
using test::Client;
using test::TestBed;

constexpr std::uint32_t kAtOnce = 50;  // requests of one pass: as many strangers as are answered at once

net::Endpoint endpoint(std::uint32_t n) {
  return {net::Address::v4(0xc0000200 + n / 50'000), static_cast<std::uint16_t>(1024 + n % 50'000)};
}

BedOptions options(std::uint32_t allocations) {
  BedOptions options;
  options.fixed.port_min = 10'000;
  options.fixed.port_max = 59'999;
  options.fixed.allocations_per_worker = allocations;
  options.fixed.permissions_per_worker = allocations;
  options.fixed.channels_per_worker = allocations;
  options.settings.answer_rates.per_v4_address_per_s = 1'000'000;
  return options;
}

double thread_cpu_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Clients that ask the same thing at once.
class Crowd {
 public:
  explicit Crowd(TestBed& bed) : bed_(bed) {}

  /// New clients, a second after the last: what strangers are answered is bounded per second.
  void arrive(std::uint32_t first) {
    bed_.advance(test::kSecond);
    clients_.clear();
    for (std::uint32_t i = 0; i < kAtOnce; ++i) {
      clients_.push_back(std::make_unique<Client>(bed_, endpoint(first + i)));
    }
  }

  // Each returns the seconds that the relay took for all of them.

  /// Without credentials: everybody learns a nonce.
  double challenge() {
    const double spent =
        timed([this](Client& c) { return c.plain(stun::Method::allocate, test::requested_transport, next_id()); });
    for (auto& client : clients_) {
      const auto answer = bed_.take(client->endpoint());
      const auto nonce = stun::nonce(stun::MessageView::parse(answer.at(0).datagram.bytes).value());
      client->nonce = std::string(nonce->begin(), nonce->end());
    }
    return spent;
  }
  double allocate() {
    return granted(
        [this](Client& c) { return c.signed_request(stun::Method::allocate, test::requested_transport, next_id()); });
  }
  double refresh(std::uint32_t lifetime_s) {
    const auto lifetime = [=](stun::MessageBuilder& b) { b.lifetime(lifetime_s); };
    return granted([&](Client& c) { return c.signed_request(stun::Method::refresh, lifetime, next_id()); });
  }

 private:
  stun::TransactionId next_id() {
    stun::TransactionId id{};
    stun::store_be64(id.data(), ++requests_);
    return id;
  }
  template <class Request>
  double timed(Request&& request) {
    for (auto& client : clients_) client->send(request(*client));
    const double before = thread_cpu_s();
    while (bed_.worker().pass(bed_.now_ns())) {
    }
    const double spent = thread_cpu_s() - before;
    bed_.run();  // collects what was sent
    return spent;
  }
  template <class Request>
  double granted(Request&& request) {
    const double spent = timed(request);
    for (auto& client : clients_) {
      const auto answer = bed_.take(client->endpoint());
      if (stun::MessageView::parse(answer.at(0).datagram.bytes)->message_class() != stun::Class::success) {
        throw std::runtime_error("a request was refused");
      }
    }
    return spent;
  }

  TestBed& bed_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::uint64_t requests_ = 0;
};

// Allocate and end, a million times. Nothing may grow.
void allocate_and_end(benchmark::State& state) {
  TestBed bed(options(4 * kAtOnce));
  Crowd crowd(bed);
  double allocate_s = 0;
  double end_s = 0;
  std::uint32_t cycles = 0;
  double resident_early = 0;
  for (auto _ : state) {
    crowd.arrive(cycles % 40'000);
    const double allocate = crowd.challenge() + crowd.allocate();
    const double end = crowd.refresh(0);
    (void)bed.records();
    allocate_s += allocate;
    end_s += end;
    cycles += kAtOnce;
    if (cycles == 50'000) resident_early = resident_bytes();
    state.SetIterationTime(allocate + end);
  }
  state.counters["us_per_allocation"] = allocate_s * 1e6 / cycles;
  state.counters["us_per_end"] = end_s * 1e6 / cycles;
  state.counters["allocations_per_cpu_s"] = cycles / allocate_s;
  state.counters["cycles"] = cycles;
  if (resident_early > 0) state.counters["grown_bytes_after_50k"] = resident_bytes() - resident_early;
  if (bed.stats().allocations.get() != 0) state.SkipWithError("allocations are left");
}
BENCHMARK(allocate_and_end)->UseManualTime()->Iterations(20'000);

// 20,000 idle allocations: what each adds to resident memory, sockets aside, and what expiring one costs.
void hold_idle(benchmark::State& state) {
  constexpr std::uint32_t kHeld = 20'000;
  for (auto _ : state) {
    TestBed bed(options(kHeld));
    Crowd crowd(bed);
    crowd.arrive(45'000);
    crowd.challenge();  // the bed's own buffers
    const double before = resident_bytes();
    double spent = 0;
    for (std::uint32_t n = 0; n < kHeld; n += kAtOnce) {
      crowd.arrive(n);
      spent += crowd.challenge() + crowd.allocate();
    }
    state.counters["bytes_per_idle"] = (resident_bytes() - before) / kHeld;
    const double expiry_before = thread_cpu_s();
    bed.advance(700 * test::kSecond);
    state.counters["expiry_ns_per_allocation"] = (thread_cpu_s() - expiry_before) * 1e9 / kHeld;
    state.SetIterationTime(spent);
    (void)bed.records();
  }
}
BENCHMARK(hold_idle)->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace penstock::turn

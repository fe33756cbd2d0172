#include "bench/load/allocations/phases.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/load/allocations/process_memory.h"
#include "dataplane/engine/clock.h"

namespace penstock::load {
namespace {

using engine::kNsPerS;
using Result = tl::expected<void, std::string>;

// Answers to strangers are paid for by their next request (turn/guard/answer_limiter.h), so waves begin small.
constexpr std::uint32_t kFirstWave = 32;
constexpr std::uint32_t kWave = 128;
// A hundred thousand allocations a second, as time goes in here.
constexpr std::uint64_t kClientNs = 10'000;
constexpr std::uint64_t kLookAgainNs = 61 * kNsPerS;
constexpr std::uint64_t kIdleStepNs = kNsPerS / 1000;

Histogram spin(double seconds) {
  Histogram gaps;
  const double ns_per_cycle = 1e9 / static_cast<double>(rte_get_tsc_hz());
  std::uint64_t last = engine::cycles();
  const std::uint64_t end = last + static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
  while (last < end) {
    const std::uint64_t now = engine::cycles();
    gaps.record(static_cast<std::uint64_t>(static_cast<double>(now - last) * ns_per_cycle));
    last = now;
  }
  return gaps;
}

class Runner {
 public:
  explicit Runner(const RunOptions& options)
      : options_(options),
        crowd_(options.relay.allocations, options.clients_per_user, options.relay.realm, options.relay.secret) {}

  tl::expected<Run, std::string> run() {
    auto relay = Relay::create(options_.relay);
    if (!relay) return tl::unexpected(relay.error());
    relay_ = std::move(*relay);
    if (auto good = warm_up(); !good) return tl::unexpected(good.error());
    run_.occupied_before_bytes = occupied_bytes();
    // clang-format off
    const Result result = phase("create", &Runner::create)
        .and_then([&] { return phase("look again", &Runner::look_again); })
        .and_then([&] { return phase("refresh", &Runner::refresh); })
        .and_then([&] { return phase("expire", &Runner::expire); })
        .and_then([&] { return phase("create again", &Runner::create); })
        .and_then([&] { return phase("permit a peer", &Runner::permit); })
        .and_then([&] { return phase("reload", &Runner::reload); })
        .and_then([&] { return phase("drain", &Runner::drain); });
    // clang-format on
    if (!result) return tl::unexpected(result.error());
    return std::move(run_);
  }

 private:
  Result phase(std::string_view name, Result (Runner::*step)(Spent&)) {
    Phase& phase = run_.phases.emplace_back();
    phase.name = name;
    phase.clients = crowd_.size();
    phase.spin = spin(options_.spin_s);
    const Result result = (this->*step)(phase.spent);
    phase.occupied_bytes = occupied_bytes();
    if (!result) return tl::unexpected(fmt::format("phase '{}': {}", name, result.error()));
    return {};
  }

  // Buffers that all traffic uses are touched; nothing is allocated.
  Result warm_up() {
    Spent unused;
    Result good = relay_->ask(crowd_, 0, kFirstWave, Ask::challenge, unused);
    relay_->go_on(60 * kNsPerS);
    for (int i = 0; i < 1000; ++i) relay_->pass(unused);
    return good;
  }

  Result create(Spent& spent) {
    std::uint32_t wave = kFirstWave;
    for (std::uint32_t first = 0; first < crowd_.size(); first += wave) {
      if (first >= 64 * kFirstWave) wave = kWave;
      const std::uint32_t count = std::min(wave, crowd_.size() - first);
      relay_->go_on(count * kClientNs);
      if (auto good = relay_->ask(crowd_, first, count, Ask::challenge, spent); !good) return good;
      if (auto good = relay_->ask(crowd_, first, count, Ask::allocate, spent); !good) return good;
    }
    return expect(crowd_.size());
  }

  Result look_again(Spent& spent) {
    for (std::uint64_t ns = 0; ns < kLookAgainNs; ns += kIdleStepNs) {
      relay_->go_on(kIdleStepNs);
      relay_->pass(spent);
    }
    return expect(crowd_.size());
  }

  Result everybody(Ask ask, Spent& spent) {
    for (std::uint32_t first = 0; first < crowd_.size(); first += net::kBurstCapacity) {
      const std::uint32_t count = std::min(net::kBurstCapacity, crowd_.size() - first);
      relay_->go_on(count * kClientNs);
      if (auto good = relay_->ask(crowd_, first, count, ask, spent); !good) return good;
    }
    return expect(crowd_.size());
  }
  Result refresh(Spent& spent) { return everybody(Ask::refresh, spent); }
  Result permit(Spent& spent) { return everybody(Ask::permit, spent); }

  // All of them are due at once.
  Result expire(Spent& spent) {
    relay_->go_on(2 * options_lifetime_ns());
    until_idle(spent);
    return expect(0);
  }

  // Rates for every user where there were none, and a policy that takes back every permission.
  Result reload(Spent& spent) {
    turn::Settings settings = relay_->settings();
    settings.user_limits.to_peer_bits_per_s = 4'000'000;
    settings.peers.push_back({net::parse_prefix("8.0.0.0/8").value(), false});
    if (auto good = relay_->reload(std::move(settings)); !good) return good;
    until_idle(spent);
    if (relay_->stats().permissions.get() == 0) return {};
    return tl::unexpected(fmt::format("{} permissions outlived the policy", relay_->stats().permissions.get()));
  }

  Result drain(Spent& spent) {
    relay_->tell(turn::MessageKind::end_drain);
    until_idle(spent);
    return expect(0);
  }

  void until_idle(Spent& spent) {
    while (relay_->pass(spent)) {
    }
  }
  std::uint64_t options_lifetime_ns() const {
    return relay_->settings().allocation_limits.lifetime_default_s * kNsPerS;
  }
  Result expect(std::uint64_t allocations) const {
    const turn::Stats& stats = relay_->stats();
    if (stats.allocations.get() == allocations && (allocations != 0 || stats.allocations_draining.get() == 0))
      return {};
    return tl::unexpected(fmt::format("{} allocations live, {} were expected", stats.allocations.get(), allocations));
  }

  const RunOptions& options_;
  Crowd crowd_;
  std::unique_ptr<Relay> relay_;
  Run run_;
};

}  // namespace

tl::expected<Run, std::string> run_phases(const RunOptions& options) {
  return Runner(options).run();
}

}  // namespace penstock::load

// What guarding costs: peer policy per permission, authentication per request, limits per packet.

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "dataplane/stun/builder.h"
#include "dataplane/stun/long_term_key.h"
#include "turn/guard/answer_limiter.h"
#include "turn/guard/authenticator.h"
#include "turn/guard/base64.h"
#include "turn/guard/challenge.h"
#include "turn/guard/peer_policy.h"
#include "turn/guard/user_ledger.h"
#include "turn/guard/user_share.h"

namespace penstock::turn {
namespace {

constexpr std::size_t kProbes = 4096;  // cycled through, so that no two lookups in a row are alike
const net::Endpoint kClient{net::Address::v4(0x08080808), 5000};
constexpr Moment kNow{.monotonic_ns = 1'000'000'000'000, .unix_s = 1'700'000'000};

net::Address random_v4(std::mt19937_64& random) {
  return net::Address::v4(static_cast<std::uint32_t>(random()));
}
net::Address random_v6(std::mt19937_64& random) {
  net::Address a;
  for (auto& byte : a.bytes) byte = static_cast<std::uint8_t>(random());
  a.bytes[0] = 0x2a;
  return a;
}

/// The built-in list and `state.range(0)` random rules of either family, as a blocklist would bring them.
PeerPolicy policy_of(std::int64_t rules, std::mt19937_64& random) {
  Settings settings;
  for (std::int64_t i = 0; i < rules; ++i) {
    const bool v4 = i % 2 == 0;
    const auto length = static_cast<std::uint8_t>(v4 ? 96 + 16 + random() % 17 : 32 + random() % 33);
    settings.peers.push_back({{v4 ? random_v4(random) : random_v6(random), length}, random() % 2 == 0});
  }
  return {settings, {}};
}

template <net::Address (*random_address)(std::mt19937_64&)>
void peer_policy(benchmark::State& state) {
  std::mt19937_64 random(1);
  const PeerPolicy policy = policy_of(state.range(0), random);
  std::vector<net::Address> peers(kProbes);
  for (auto& peer : peers) peer = random_address(random);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(policy.check(peers[i++ % kProbes]));
  state.counters["bytes"] = static_cast<double>(policy.size_bytes());
}
BENCHMARK(peer_policy<random_v4>)->Name("peer_policy/v4")->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK(peer_policy<random_v6>)->Name("peer_policy/v6")->Arg(10)->Arg(1000)->Arg(100'000);

void peer_policy_build(benchmark::State& state) {
  for (auto _ : state) {
    std::mt19937_64 random(1);
    benchmark::DoNotOptimize(policy_of(state.range(0), random).size_bytes());
  }
}
BENCHMARK(peer_policy_build)->Arg(100'000)->Unit(benchmark::kMillisecond);

struct Request {
  std::vector<std::uint8_t> bytes;
  stun::MessageView view() const { return stun::MessageView::parse(bytes).value(); }
};

template <class Fill>
Request request(Fill&& fill) {
  Request made{std::vector<std::uint8_t>(1000)};
  stun::MessageBuilder builder(made.bytes, stun::Method::allocate, stun::Class::request, stun::TransactionId{1, 2, 3});
  fill(builder.requested_transport(stun::kTransportUdp));
  made.bytes.resize(builder.finish().value());
  return made;
}

/// An authenticator, and an Allocate with MD5 and SHA-1 as browsers send it.
struct Scene {
  explicit Scene(const Settings& settings)
      : authenticator(std::make_shared<const Credentials>(Credentials::compile(settings).value()), NonceSecret{7},
                      600) {}

  Request allocate(std::string_view user, std::string_view password) {
    NonceSource nonces({7}, 600, {true, authenticator.credentials().announces_username_anonymity()});
    const auto nonce = nonces.issue(kClient, kNow.monotonic_ns, NonceSource::Form::announcing);
    const auto key = stun::long_term_key(stun::PasswordAlgorithm::md5, user, "penstock", password);
    return request([&](stun::MessageBuilder& b) {
      b.username(user).realm("penstock").nonce(nonce.view()).message_integrity(stun::HmacSha1(key.bytes()));
    });
  }
  void run(benchmark::State& state, const Request& r, AuthenticationResult expected) {
    const auto view = r.view();
    for (auto _ : state) {
      if (authenticator.authenticate(view, kClient, kNow).result != expected) state.SkipWithError("wrong result");
    }
  }

  Authenticator authenticator;
};

void authenticate_static_user(benchmark::State& state) {
  Settings settings;
  for (std::int64_t i = 0; i < state.range(0); ++i) settings.users.push_back({"user" + std::to_string(i), "password"});
  Scene scene(settings);
  scene.run(state, scene.allocate("user0", "password"), AuthenticationResult::authenticated);
}
BENCHMARK(authenticate_static_user)->Arg(1)->Arg(10'000);

/// `state.range(0)` secrets, of which the last one fits.
void authenticate_ephemeral_user(benchmark::State& state) {
  Settings settings;
  for (std::int64_t i = 0; i < state.range(0); ++i) settings.secrets.push_back({"secret" + std::to_string(i)});
  Scene scene(settings);
  const std::string user = "1700086400:alice";
  std::array<char, 64> text;
  const auto mac = stun::HmacSha1(stun::bytes_of(settings.secrets.back().secret)).mac(stun::bytes_of(user));
  scene.run(state, scene.allocate(user, base64(mac, text)), AuthenticationResult::authenticated);
}
BENCHMARK(authenticate_ephemeral_user)->Arg(1)->Arg(3);

void authenticate_wrong_password_of_three_secrets(benchmark::State& state) {
  Settings settings;
  settings.secrets = {{"one"}, {"two"}, {"three"}};
  Scene scene(settings);
  scene.run(state, scene.allocate("1700086400:alice", "wrong"), AuthenticationResult::wrong_credentials);
}
BENCHMARK(authenticate_wrong_password_of_three_secrets);

/// What a flood of first Allocates costs, packet path aside.
void challenge(benchmark::State& state) {
  Settings settings;
  settings.secrets = {{"one"}};
  Scene scene(settings);
  const auto allocate = request([](stun::MessageBuilder&) {});
  const auto view = allocate.view();
  std::array<std::uint8_t, kLongestChallenge> out;
  for (auto _ : state) {
    const auto result = scene.authenticator.authenticate(view, kClient, kNow).result;
    benchmark::DoNotOptimize(scene.authenticator.write_error(out, view, result, kClient, kNow.monotonic_ns));
  }
}
BENCHMARK(challenge);

void answer_limit(benchmark::State& state) {
  AnswerLimiter limiter({}, 1, 7);
  std::mt19937_64 random(1);
  std::uint64_t now_ns = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(limiter.admit(AnswerClass::challenge, random_v4(random), 28, 56, now_ns += 1000));
  }
}
BENCHMARK(answer_limit);

void spend(benchmark::State& state) {
  const UserLimits limits{.to_peer_bits_per_s = static_cast<std::uint64_t>(state.range(0)),
                          .to_peer_packets_per_s = static_cast<std::uint64_t>(state.range(0))};
  UserLedger ledger(16, limits, {}, 1);
  UserShare share;
  share.start(user_id("ada"), rate_plan(limits));
  std::uint64_t now_ns = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(share.spend(Direction::to_peer, 1200, now_ns += 1000));
    if (share.wants_lease(Direction::to_peer)) {
      share.grant(ledger.lease(share.lease_request(Direction::to_peer), now_ns));
    }
  }
}
BENCHMARK(spend)->Arg(0)->Arg(1'000'000)->Arg(100'000'000'000);

}  // namespace
}  // namespace penstock::turn

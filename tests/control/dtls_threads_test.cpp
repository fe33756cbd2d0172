// The handshake threads behind real mailboxes, with the test as worker and as control.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "control/dtls/handshakes.h"
#include "dataplane/net/environment.h"
#include "tests/control/dtls_peer.h"

namespace penstock::control::dtls::testing {
namespace {

using namespace std::chrono_literals;

tl::expected<std::unique_ptr<sfu::HandshakeLanes>, std::string> make_lanes(const std::string& name, unsigned capacity) {
  auto in = net::Mailbox<sfu::HandshakeDatagram>::create(name + "i", capacity);
  auto out = net::Mailbox<sfu::HandshakeDatagram>::create(name + "o", capacity);
  if (!in || !out) return tl::unexpected(in ? out.error() : in.error());
  return std::make_unique<sfu::HandshakeLanes>(sfu::HandshakeLanes{std::move(*in), std::move(*out)});
}

class DtlsThreads : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kWorkers = 3;

  static void SetUpTestSuite() { ASSERT_TRUE(net::start_environment(64)); }

  void start(Options options, unsigned capacity = 64) {
    static int run = 0;
    ++run;
    std::vector<sfu::HandshakeLanes*> views;
    for (std::uint16_t worker = 0; worker < kWorkers; ++worker) {
      lanes_.push_back(make_lanes("t" + std::to_string(run) + "-" + std::to_string(worker), capacity).value());
      views.push_back(lanes_.back().get());
    }
    auto started = Handshakes::start(
        options, Certificate::generate().value(), views, [this](std::uint16_t worker) { wakes_[worker].fetch_add(1); },
        [this](Report&& report) {
          const std::lock_guard lock(mutex_);
          reports_.push_back(std::move(report));
        });
    ASSERT_TRUE(started) << started.error();
    handshakes_ = std::move(*started);
  }
  void TearDown() override { handshakes_.reset(); }

  bool send(const EndpointRef& from, std::span<const std::uint8_t> datagram) {
    sfu::HandshakeDatagram in;
    in.endpoint = from.slot;
    in.generation = from.generation;
    in.size = static_cast<std::uint32_t>(datagram.size());
    std::ranges::copy(datagram, in.bytes.begin());
    return lanes_[from.worker]->to_handshake.send(in);
  }
  void wake(std::uint16_t worker) { eventfd_write(lanes_[worker]->wake_descriptor, 1); }
  std::optional<sfu::HandshakeDatagram> take(std::uint16_t worker) {
    std::array<sfu::HandshakeDatagram, 1> out;
    if (lanes_[worker]->to_worker.take(out) == 0) return std::nullopt;
    return out[0];
  }
  std::vector<Report> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }
  std::uint64_t sum(Fate fate) const {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < handshakes_->threads(); ++i) all += handshakes_->counters(i).of(fate).get();
    return all;
  }

  std::vector<std::unique_ptr<sfu::HandshakeLanes>> lanes_;
  std::array<std::atomic<unsigned>, kWorkers> wakes_{};
  std::mutex mutex_;
  std::vector<Report> reports_;
  std::unique_ptr<Handshakes> handshakes_;
};

struct Endpoint {
  EndpointRef ref;
  std::unique_ptr<OpensslPeer> peer;
};

TEST_F(DtlsThreads, TwoHundredHandshakesAtATime) {
  Options options;
  options.threads = 2;
  start(options, 16);  // lanes too small for it: flights wait
  EXPECT_EQ(handshakes_->threads(), 2u);
  std::vector<Endpoint> endpoints;
  for (unsigned i = 0; i < 200; ++i) {
    const bool server = i % 4 == 3;
    endpoints.push_back(
        {{.worker = static_cast<std::uint16_t>(i % kWorkers), .slot = i / kWorkers, .generation = i + 1},
         std::make_unique<OpensslPeer>(PeerOptions{.server = server})});
    Endpoint& endpoint = endpoints.back();
    handshakes_->add({endpoint.ref, server ? Role::active : Role::passive, {endpoint.peer->fingerprint()}});
    while (server && !send(endpoint.ref, {})) std::this_thread::sleep_for(1ms);
    if (!server) endpoint.peer->begin();
  }
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  std::size_t secured = 0;
  while ((secured < endpoints.size() || reports().size() < endpoints.size()) &&
         std::chrono::steady_clock::now() < give_up) {
    for (Endpoint& endpoint : endpoints) {
      auto& sent = endpoint.peer->sent;
      while (!sent.empty() && send(endpoint.ref, sent.front())) sent.pop_front();
    }
    for (std::uint16_t worker = 0; worker < kWorkers; ++worker) {
      wake(worker);
      while (const auto datagram = take(worker)) {
        Endpoint& to = endpoints[datagram->endpoint * kWorkers + worker];
        ASSERT_EQ(datagram->generation, to.ref.generation);
        to.peer->receive(datagram->span());
      }
    }
    secured = 0;
    for (Endpoint& endpoint : endpoints) {
      endpoint.peer->retransmit();
      secured += endpoint.peer->secured();
    }
  }
  EXPECT_EQ(secured, endpoints.size());
  ASSERT_EQ(reports().size(), endpoints.size());
  for (const Report& report : reports()) {
    EXPECT_EQ(report.result, Result::secured) << report.detail;
    const PeerKeys keys = endpoints[report.endpoint.slot * kWorkers + report.endpoint.worker].peer->keys();
    const bool active = (report.endpoint.generation - 1) % 4 == 3;
    const auto mine = report.receive.key_span();
    const std::size_t from = active ? mine.size() : 0;
    EXPECT_TRUE(std::equal(mine.begin(), mine.end(), keys.exported.begin() + static_cast<std::ptrdiff_t>(from)));
  }
  for (const auto& wakes : wakes_) EXPECT_GT(wakes.load(), 0u);
  EXPECT_EQ(sum(Fate::unknown_endpoint), 0u);
  EXPECT_GT(handshakes_->counters(0).cpu_ns.get(), 0u);
  for (const Endpoint& endpoint : endpoints) handshakes_->settle(endpoint.ref);
  for (const Endpoint& endpoint : endpoints) handshakes_->remove(endpoint.ref);
  while (handshakes_->counters(0).endpoints.get() + handshakes_->counters(1).endpoints.get() > 0 &&
         std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(handshakes_->counters(0).sessions.get() + handshakes_->counters(1).sessions.get(), 0u);
}

TEST_F(DtlsThreads, AThreadWakesForItsTimers) {
  Options options;
  options.first_retransmission = 20ms;
  options.handshake_timeout = 300ms;
  start(options);
  const EndpointRef endpoint{.worker = 1, .slot = 5, .generation = 2};
  OpensslPeer peer({.server = true});
  handshakes_->add({endpoint, Role::active, {peer.fingerprint()}});
  ASSERT_TRUE(send(endpoint, {}));
  wake(1);
  unsigned hellos = 0;
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (reports().empty() && std::chrono::steady_clock::now() < give_up) {
    while (take(1)) ++hellos;
    std::this_thread::sleep_for(1ms);
  }
  ASSERT_EQ(reports().size(), 1u);
  EXPECT_EQ(reports()[0].result, Result::timeout);
  EXPECT_GE(hellos, 3u);
}

TEST_F(DtlsThreads, AFullLaneLosesNothingUntilTheBacklogIsFull) {
  Options options;
  options.backlog = 4;
  start(options, 2);
  OpensslPeer peer({.server = true});
  constexpr unsigned kEndpoints = 10;
  for (unsigned slot = 0; slot < kEndpoints; ++slot) {
    handshakes_->add({{.worker = 0, .slot = slot, .generation = 1}, Role::active, {peer.fingerprint()}});
    while (!send({.worker = 0, .slot = slot, .generation = 1}, {})) std::this_thread::sleep_for(1ms);
    wake(0);
  }
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (sum(Fate::backlog_overflowed) < kEndpoints - 6 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(sum(Fate::sent), 2u);
  unsigned taken = 0;
  while (taken < 6 && std::chrono::steady_clock::now() < give_up) taken += take(0).has_value();
  EXPECT_EQ(taken, 6u) << "two of the lane, four of the backlog";
}

TEST_F(DtlsThreads, EndsInTheMiddleOfThings) {
  start({});
  OpensslPeer peer;
  const EndpointRef endpoint{.worker = 2, .slot = 0, .generation = 1};
  handshakes_->add({endpoint, Role::passive, {peer.fingerprint()}});
  peer.begin();
  ASSERT_TRUE(send(endpoint, peer.sent.front()));
  wake(2);
  handshakes_.reset();
  EXPECT_EQ(lanes_[2]->wake_descriptor, -1);
}

}  // namespace
}  // namespace penstock::control::dtls::testing

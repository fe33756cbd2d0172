// Which relayed ports are tried, and what happens to them when the host refuses. On a host that is a table.
#include "turn/relay_ports.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "tests/turn/testbed.h"

namespace penstock::turn {
namespace {

using port::BindError;

class FakeHost : public Host {
 public:
  std::function<std::optional<BindError>(const net::Endpoint&)> refuse = [](const auto&) { return std::nullopt; };
  int attempts = 0;
  std::map<net::LocalId, net::Endpoint> bound;
  std::set<std::uint16_t> reserved;
  std::set<net::LocalId> silent;

  tl::expected<net::LocalId, BindError> bind(const net::Endpoint& relayed) override {
    ++attempts;
    if (const auto error = refuse(relayed)) return tl::unexpected(*error);
    bound[++last_] = relayed;
    return last_;
  }
  void unbind(net::LocalId local) override { bound.erase(local); }
  void silence(net::LocalId local) override { silent.insert(local); }
  tl::expected<port::DetachedLocal, BindError> reserve(const net::Endpoint& relayed) override {
    reserved.insert(relayed.port);
    return port::DetachedLocal{relayed, {}, 0};
  }
  tl::expected<net::LocalId, BindError> attach(const port::DetachedLocal& detached) override {
    reserved.erase(detached.endpoint.port);
    return bind(detached.endpoint);
  }
  void discard(const port::DetachedLocal& detached) override { reserved.erase(detached.endpoint.port); }
  net::PathId resolve(net::LocalId, const net::Endpoint&) override { return 0; }
  const net::Endpoint& local_endpoint(net::LocalId local) const override { return bound.at(local); }
  bool post(std::uint16_t, const engine::Message&) override { return true; }
  bool record(const EndedRecord&) override { return true; }
  bool answer(const FiveTuple&, net::PathId, std::span<const std::uint8_t>) override { return true; }

 private:
  net::LocalId last_ = 0;
};

class RelayPortsTest : public testing::Test {
 protected:
  static FixedSettings settings() {
    FixedSettings fixed;
    fixed.relay_addresses = {{test::kRelay4, test::kRelay4}};
    fixed.port_min = 101;
    fixed.port_max = 110;
    return fixed;
  }
  RelayDirectory directory{settings()};
  FakeHost host;
  Random random;
  net::Counter retries;
  RelayPorts ports{directory, host, random, retries, 0, 1};
};

TEST_F(RelayPortsTest, GiveEveryPortOnceAndTakeItBack) {
  std::set<std::uint16_t> got;
  std::vector<BoundPort> bound;
  for (int i = 0; i < 10; ++i) {
    bound.push_back(ports.bind(net::Family::v4).value());
    got.insert(bound.back().port.port);
  }
  EXPECT_EQ(got.size(), 10U);
  EXPECT_EQ(ports.bind(net::Family::v4).error(), PortError::none_left);
  EXPECT_EQ(ports.bind(net::Family::v6).error(), PortError::family_not_served);
  ports.unbind(bound[3]);
  EXPECT_EQ(ports.bind(net::Family::v4).error(), PortError::none_left);
  EXPECT_TRUE(ports.any_to_close());
  ports.close_unbound();
  EXPECT_FALSE(ports.any_to_close());
  EXPECT_EQ(ports.bind(net::Family::v4)->port, bound[3].port);
}

TEST_F(RelayPortsTest, AnUnboundPortIsSilentAtOnceAndClosedLater) {
  const auto bound = ports.bind(net::Family::v4);
  ASSERT_TRUE(bound);
  ports.unbind(*bound);
  EXPECT_TRUE(host.silent.contains(bound->local));
  EXPECT_TRUE(host.bound.contains(bound->local));
  EXPECT_EQ(directory.owner(bound->port), 0);
  ports.close_unbound();
  EXPECT_FALSE(host.bound.contains(bound->local));
  EXPECT_EQ(directory.owner(bound->port), RelayDirectory::kFree);
}

TEST_F(RelayPortsTest, WithOnlyOddPortsFreeAnEvenOneIsNotLookedForForever) {
  FixedSettings large = settings();
  large.port_min = 1024;
  large.port_max = 65535;
  for (std::uint8_t i = 1; i < 100; ++i) large.relay_addresses.push_back(large.relay_addresses.front());
  RelayDirectory full(large);
  for (std::uint32_t port = large.port_min; port <= large.port_max; port += 2) {
    for (std::uint8_t address = 0; address < 100; ++address) full.claim({static_cast<std::uint16_t>(port), address}, 0);
  }
  RelayPorts all(full, host, random, retries, 0, 1);
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all.bind_even(net::Family::v4).error(), PortError::none_left);
  // Six million looks each would take seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  EXPECT_TRUE(all.bind(net::Family::v4));
}

TEST_F(RelayPortsTest, PairsBeginAtEvenPortsAndStayInTheRange) {
  std::set<std::uint16_t> even;
  for (int i = 0; i < 4; ++i) {
    const auto pair = ports.bind_pair(net::Family::v4);
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->odd.port.port, pair->even.port.port + 1);
    even.insert(pair->even.port.port);
  }
  EXPECT_EQ(even, (std::set<std::uint16_t>{102, 104, 106, 108}));  // 110 has no neighbour
  EXPECT_EQ(ports.bind_pair(net::Family::v4).error(), PortError::none_left);
  EXPECT_EQ(ports.bind_even(net::Family::v4)->port.port, 110);
}

TEST_F(RelayPortsTest, APairWhoseEvenPortIsTakenGivesTheOddOneBack) {
  host.refuse = [](const net::Endpoint& e) { return e.port < 108 ? std::optional(BindError::in_use) : std::nullopt; };
  std::optional<RelayPorts::Pair> pair;
  for (int i = 0; i < 20 && !pair; ++i) {
    if (auto got = ports.bind_pair(net::Family::v4)) pair = *got;
  }
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->even.port.port, 108);
  EXPECT_EQ(host.reserved, std::set<std::uint16_t>{109});
  EXPECT_EQ(directory.claimed(0), 2U);
}

TEST_F(RelayPortsTest, AHostThatRefusesIsNotAskedForEver) {
  host.refuse = [](const net::Endpoint&) { return std::optional(BindError::in_use); };
  EXPECT_EQ(ports.bind(net::Family::v4).error(), PortError::none_left);
  EXPECT_EQ(host.attempts, 16);
  EXPECT_EQ(retries.get(), 16U);
  host.refuse = [](const net::Endpoint&) { return std::optional(BindError::no_resources); };
  EXPECT_EQ(ports.bind(net::Family::v4).error(), PortError::none_left);
  EXPECT_EQ(host.attempts, 17);  // more sockets will not help where there are no descriptors
  EXPECT_EQ(directory.claimed(0), 0U);
}

TEST_F(RelayPortsTest, WhoeverAttachesAReservationOwnsItsPort) {
  const auto pair = ports.bind_pair(net::Family::v4);
  ASSERT_TRUE(pair);
  RelayPorts other(directory, host, random, retries, 1, 2);
  const auto attached = other.attach(pair->odd);
  ASSERT_TRUE(attached);
  EXPECT_EQ(directory.owner(pair->odd.port), 1);
  other.unbind(*attached);
  other.close_unbound();
  EXPECT_EQ(directory.owner(pair->odd.port), RelayDirectory::kFree);
}

}  // namespace
}  // namespace penstock::turn

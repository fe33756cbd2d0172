#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/startup/checks.h"
#include "control/startup/host_addresses.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

net::Address address(const char* text) {
  return *net::parse_address(text);
}

const std::vector<HostAddress> kHost = {
    {"lo", address("127.0.0.1"), true, false},     {"lo", address("::1"), true, false},
    {"eth0", address("192.0.2.5"), false, false},  {"eth0", address("2001:db8::5"), false, false},
    {"eth0", address("fe80::5"), false, true},     {"eth1", address("10.0.0.5"), false, false},
    {"eth1", address("169.254.7.7"), false, true},
};
const std::vector<HostAddress> kOnlyLoopback = {kHost[0], kHost[1]};

std::vector<std::string> expanded(const std::vector<const char*>& configured, const std::vector<HostAddress>& host) {
  ListenSection listen;
  for (const char* text : configured) listen.addresses.push_back(*net::parse_endpoint(text, 0));
  std::vector<std::string> texts;
  for (const net::Endpoint& e : listen_endpoints(listen, host)) texts.push_back(net::to_string(e));
  return texts;
}

TEST(ListenEndpoints, WildcardsBecomeTheHostsAddresses) {
  EXPECT_THAT(expanded({}, kHost), ElementsAre("192.0.2.5:3478", "[2001:db8::5]:3478", "10.0.0.5:3478"));
  EXPECT_THAT(expanded({"0.0.0.0"}, kHost), ElementsAre("192.0.2.5:3478", "10.0.0.5:3478"));
  EXPECT_THAT(expanded({"[::]:5000"}, kHost), ElementsAre("192.0.2.5:5000", "[2001:db8::5]:5000", "10.0.0.5:5000"));
  EXPECT_THAT(expanded({"192.0.2.5", "0.0.0.0"}, kHost), ElementsAre("192.0.2.5:3478", "10.0.0.5:3478"));
}

TEST(ListenEndpoints, ConcreteOnesStayAsTheyAre) {
  EXPECT_THAT(expanded({"127.0.0.1", "198.51.100.1:99"}, kHost), ElementsAre("127.0.0.1:3478", "198.51.100.1:99"));
}

TEST(ListenEndpoints, LoopbackServesWhenThereIsNothingElse) {
  EXPECT_THAT(expanded({}, kOnlyLoopback), ElementsAre("127.0.0.1:3478", "[::1]:3478"));
  EXPECT_THAT(expanded({}, {}), IsEmpty());
}

TEST(RelayAddresses, DefaultToTheListeningOnes) {
  const std::vector<net::Endpoint> listen = {{address("192.0.2.5"), 3478}, {address("192.0.2.5"), 3479}};
  const auto relayed = relay_addresses({}, listen);
  ASSERT_EQ(relayed.size(), 1U);
  EXPECT_EQ(relayed[0].advertised, address("192.0.2.5"));
  RelaySection mapped;
  mapped.addresses = {{address("10.0.0.5"), address("203.0.113.5")}};
  EXPECT_EQ(relay_addresses(mapped, listen).at(0).advertised, address("203.0.113.5"));
  EXPECT_EQ(turn_uri({address("10.0.0.5"), 3478}, mapped.addresses), "turn:203.0.113.5:3478?transport=udp");
  EXPECT_EQ(turn_uri({address("2001:db8::5"), 3478}, {}), "turn:[2001:db8::5]:3478?transport=udp");
}

TEST(OwnAddresses, AreTheHostsExceptWhereAPrefixAllowsThem) {
  PeersSection peers;
  peers.allow = {*net::parse_prefix("10.0.0.0/24")};
  peers.own_addresses = {address("198.51.100.9")};
  const auto own = own_addresses(peers, kHost);
  EXPECT_THAT(own, testing::Contains(address("198.51.100.9")));
  EXPECT_THAT(own, testing::Contains(address("192.0.2.5")));
  EXPECT_THAT(own, testing::Not(testing::Contains(address("10.0.0.5"))));
}

HostFacts good_host() {
  HostFacts facts;
  facts.descriptors = 1'000'000;
  facts.rmem_max_bytes = 64 << 20;
  facts.ephemeral_min = 32768;
  facts.ephemeral_max = 60999;
  facts.kernel_major = 6;
  facts.kernel_minor = 1;
  facts.addresses = kHost;
  return facts;
}

std::vector<Finding> findings(const Config& config, const HostFacts& facts) {
  return check_host(config, make_plan(config, facts, {0, 1}), facts);
}

TEST(StartupChecks, AGoodHostHasNone) {
  EXPECT_THAT(findings(Config{}, good_host()), IsEmpty());
}

struct Lacking {
  const char* name;
  void (*spoil)(Config&, HostFacts&);
  bool refuse;
  const char* what;
  const char* fix;
};

class LackingHost : public testing::TestWithParam<Lacking> {};

TEST_P(LackingHost, IsToldWithTheFix) {
  Config config;
  HostFacts facts = good_host();
  GetParam().spoil(config, facts);
  const auto found = findings(config, facts);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].refuse, GetParam().refuse);
  EXPECT_THAT(found[0].what, HasSubstr(GetParam().what));
  EXPECT_THAT(found[0].fix, HasSubstr(GetParam().fix));
}

const Lacking kLacking[] = {
    {"old_kernel", [](Config&, HostFacts& f) { f.kernel_major = 5; }, true, "Linux 5.1", "Linux 6.0 or later"},
    {"io_uring_off", [](Config&, HostFacts& f) { f.io_uring_disabled = 2, f.privileged = true; }, true,
     "kernel.io_uring_disabled = 2", "sysctl -w kernel.io_uring_disabled=0"},
    {"io_uring_for_root", [](Config&, HostFacts& f) { f.io_uring_disabled = 1; }, true, "io_uring is switched off",
     "sysctl"},
    {"few_descriptors", [](Config&, HostFacts& f) { f.descriptors = 1024; }, false, "1024 descriptors", "LimitNOFILE="},
    {"small_buffers", [](Config&, HostFacts& f) { f.rmem_max_bytes = 212992; }, false, "net.core.rmem_max is 212992",
     "sysctl -w net.core.rmem_max=8388608"},
    {"ephemeral_ports", [](Config& c, HostFacts&) { c.relay.port_max = 40000; }, false, "handed to other programs",
     "ip_local_reserved_ports=32768-40000, or relay.port_max = 32767"},
    {"foreign_listen",
     [](Config& c, HostFacts&) {
       c.listen.addresses = {{address("198.51.100.1"), 3478}};
       c.relay.addresses = {{address("192.0.2.5"), address("192.0.2.5")}};
     },
     true, "no address 198.51.100.1; it has 127.0.0.1", "--listen"},
    {"foreign_relay",
     [](Config& c, HostFacts&) { c.relay.addresses = {{address("203.0.113.1"), address("203.0.113.1")}}; }, true,
     "relay.addresses: this host has no address 203.0.113.1", "LOCAL=ADVERTISED"},
    {"no_address", [](Config&, HostFacts& f) { f.addresses.clear(); }, true, "no address to listen on", "ip addr"},
};

INSTANTIATE_TEST_SUITE_P(, LackingHost, testing::ValuesIn(kLacking), [](const auto& row) { return row.param.name; });

TEST(StartupChecks, WhatIsOutOfTheWayIsNotTold) {
  HostFacts facts = good_host();
  facts.io_uring_disabled = 1;
  facts.privileged = true;
  facts.rmem_max_bytes = 1;
  facts.may_exceed_rmem_max = true;
  Config config;
  config.listen.addresses = {{address("127.9.9.9"), 3478}};
  EXPECT_THAT(findings(config, facts), IsEmpty());
}

TEST(StartupChecks, DescriptorsFollowPortsTablesAndLimits) {
  Config config;
  config.relay.port_min = 10000;
  config.relay.port_max = 10099;
  Plan plan;
  plan.cores = {0, 1};
  plan.listen = {{address("192.0.2.5"), 3478}};
  plan.relay = {{address("192.0.2.5"), address("192.0.2.5")}};
  const auto base = descriptors_wanted(config, plan) - 100;
  config.dataplane.allocations = 10;
  EXPECT_EQ(descriptors_wanted(config, plan), base + 20);
  config.limits.total.allocations = 5;
  EXPECT_EQ(descriptors_wanted(config, plan), base + 5);
}

TEST(Plan, CoresAreThoseListedOrAllowed) {
  Config config;
  EXPECT_THAT(make_plan(config, good_host(), {3, 4, 5}).cores, ElementsAre(3, 4, 5));
  config.workers.count = 2;
  EXPECT_THAT(make_plan(config, good_host(), {3, 4, 5}).cores, ElementsAre(3, 4));
  config.workers.cores = {5, 3};
  config.workers.count = 1;
  EXPECT_THAT(make_plan(config, good_host(), {3, 4, 5}).cores, ElementsAre(5));
  EXPECT_EQ(make_plan(Config{}, good_host(), std::vector<std::uint32_t>(200)).cores.size(), kMostWorkers);
}

TEST(Probe, AnEndpointThatSomebodyHasIsNamed) {
  const int other = socket(AF_INET, SOCK_DGRAM, 0);
  const int shared = 1;
  setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(bind(other, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(getsockname(other, reinterpret_cast<sockaddr*>(&at), &size), 0);
  const net::Endpoint taken{address("127.0.0.1"), ntohs(at.sin_port)};
  const auto result = hold_listeners({taken});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), HasSubstr(net::to_string(taken)));
  close(other);
  EXPECT_TRUE(hold_listeners({taken}));
  EXPECT_THAT(hold_listeners({{address("198.51.100.77"), 3478}}).error(), HasSubstr("ip addr"));
}

TEST(Probe, AnInterfaceThatIsNotThereIsNamed) {
  EXPECT_THAT(check_shared_interfaces({*port::parse_device_spec("net_af_xdp,iface=lo")}), IsEmpty());
  EXPECT_THAT(check_shared_interfaces({*port::parse_device_spec("net_memif,id=0")}), IsEmpty());
  const auto found = check_shared_interfaces({*port::parse_device_spec("net_af_xdp,iface=nosuch0")});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].refuse);
  EXPECT_THAT(found[0].what, HasSubstr("no interface nosuch0"));
}

TEST(Secrecy, AFileThatEverybodyReadsIsToldWithTheFix) {
  const TemporaryDirectory files;
  const std::string file = files.write("p.toml", "");
  chmod(file.c_str(), 0644);
  const auto found = check_secrecy(file);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].refuse);
  EXPECT_THAT(found[0].fix, HasSubstr("chmod o-r"));
  chmod(file.c_str(), 0640);
  EXPECT_THAT(check_secrecy(file), IsEmpty());
  EXPECT_THAT(check_secrecy(""), IsEmpty());
}

TEST(HostFacts, AreReadFromThisHost) {
  const HostFacts facts = read_host_facts();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(facts.descriptors, limit.rlim_cur);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max) << "the soft limit was raised";
  EXPECT_GT(facts.kernel_major, 0U);
  EXPECT_GT(facts.ephemeral_max, facts.ephemeral_min);
  EXPECT_FALSE(facts.addresses.empty());
}

}  // namespace
}  // namespace penstock::control

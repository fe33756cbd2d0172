#include "control/startup/port_range_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/host_tree.h"

namespace penstock::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

net::Endpoint endpoint(const char* text) {
  return *net::parse_endpoint(text, 0);
}

std::vector<std::string> texts(const std::vector<net::Endpoint>& endpoints) {
  std::vector<std::string> all;
  for (const net::Endpoint& e : endpoints) all.push_back(net::to_string(e));
  return all;
}

TEST(UdpSockets, AreReadFromTheKernelsTables) {
  const HostTree tree;
  tree.file("proc/net/udp",
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
            "  155: 0100007F:0D96 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 123 2 0 0\n"
            "  156: 00000000:3039 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 124 2 0 0\n"
            "nonsense\n 1: 0100007F\n 2: 0100007F:XXXX 0\n 3: 0100007F0D96 0\n");
  tree.file("proc/net/udp6",
            "  sl  local_address                         remote_address\n"
            "  157: B80D0120000000000000000005000000:3039 00000000000000000000000000000000:0000 07\n");
  EXPECT_THAT(texts(udp_sockets(tree.roots())), ElementsAre("127.0.0.1:3478", "0.0.0.0:12345", "[2001:db8::5]:12345"));
  EXPECT_THAT(udp_sockets(HostTree().roots()), IsEmpty());
}

std::vector<Finding> foreign(const std::vector<net::Endpoint>& sockets) {
  Plan plan;
  plan.listen = {endpoint("192.0.2.5:3478"), endpoint("192.0.2.5:20000")};
  return check_foreign_sockets({}, plan, sockets);  // relayed: 10000 to 32767
}

TEST(ForeignSockets, OnRelayedPortsOfOursAreNamed) {
  const auto found = foreign({endpoint("192.0.2.5:10000"), endpoint("0.0.0.0:32767"), endpoint("192.0.2.5:9999"),
                              endpoint("127.0.0.1:12345"), endpoint("192.0.2.5:20000")});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].refuse);
  EXPECT_THAT(found[0].what, HasSubstr("192.0.2.5:10000, 0.0.0.0:32767; they"));
  EXPECT_THAT(found[0].fix, HasSubstr("ss -ulnp"));
}

TEST(ForeignSockets, OurOwnAndThoseElsewhereAreFine) {
  EXPECT_THAT(foreign({}), IsEmpty());
  EXPECT_THAT(foreign({endpoint("192.0.2.5:40000"), endpoint("192.0.2.5:20000"), endpoint("192.0.2.5:3478")}),
              IsEmpty());
}

TEST(ForeignSockets, ManyAreCounted) {
  std::vector<net::Endpoint> sockets;
  for (int i = 0; i < 10; ++i) sockets.push_back(endpoint(("0.0.0.0:" + std::to_string(20001 + i)).c_str()));
  const auto found = foreign(sockets);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, HasSubstr("0.0.0.0:20003 and 7 more"));
  EXPECT_THAT(found[0].what, Not(HasSubstr("20004")));
}

std::vector<Finding> ephemeral(const char* reserved, bool taken) {
  HostFacts facts;
  facts.ephemeral_min = 32768;
  facts.ephemeral_max = 60999;
  facts.reserved_ports = parse_ranges(reserved);
  RelaySection relay;
  relay.port_max = 40000;
  Findings findings;
  check_ephemeral_ports(relay, facts, taken, findings);
  return findings.take();
}

TEST(EphemeralPorts, ThatAreReservedAreNobodysElse) {
  EXPECT_THAT(ephemeral("32768-40000", false), IsEmpty());
  EXPECT_THAT(ephemeral("1,32000-35000,35001-65535", false), IsEmpty());
  EXPECT_EQ(ephemeral("32768-39999", false).size(), 1U);
  EXPECT_THAT(ephemeral("", false).at(0).fix, HasSubstr("ip_local_reserved_ports=32768-40000"));
  EXPECT_THAT(ephemeral("", false).at(0).what, Not(HasSubstr("lose")));
  EXPECT_THAT(ephemeral("", true).at(0).what, HasSubstr("would lose their packets to the relay"));
}

}  // namespace
}  // namespace penstock::control

#include "turn/guard/peer_policy.h"

#include <gmock/gmock.h>

#include <string_view>

namespace penstock::turn {
namespace {

net::Address address(std::string_view text) {
  return net::parse_address(text).value();
}
PeerRule allow(std::string_view text) {
  return {net::parse_prefix(text).value(), true};
}
PeerRule deny(std::string_view text) {
  return {net::parse_prefix(text).value(), false};
}

FixedSettings with_relay(std::string_view bound, std::string_view advertised) {
  FixedSettings fixed;
  fixed.relay_addresses.push_back({address(bound), address(advertised)});
  fixed.port_min = 20000;
  fixed.port_max = 20999;
  return fixed;
}

Settings with_peers(std::vector<PeerRule> peers) {
  Settings settings;
  settings.peers = std::move(peers);
  return settings;
}

TEST(PeerPolicy, DeniesWhatIsNotPublicUnicast) {
  const PeerPolicy policy({}, {});
  for (const char* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "169.254.169.254",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.0",
                           "192.0.2.1",
                           "192.31.196.1",
                           "192.52.193.1",
                           "192.88.99.1",
                           "192.168.255.255",
                           "192.175.48.1",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.0",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:1ff:ffff::",
                           "2001:db8::1",
                           "2002::1",
                           "2620:4f:8000::1",
                           "3fff::1",
                           "3fff:fff::1",
                           "5f00::1",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "feff::1",
                           "ff00::",
                           "ff02::1"}) {
    EXPECT_EQ(policy.check(address(text)), PeerVerdict::deny) << text;
  }
}

TEST(PeerPolicy, AllowsThePublicNeighboursOfEveryDeniedBlock) {
  const PeerPolicy policy({}, {});
  for (const char* text :
       {"1.0.0.0",        "9.255.255.255",   "11.0.0.0",    "100.63.255.255",       "100.128.0.0", "126.255.255.255",
        "128.0.0.0",      "169.253.255.255", "169.255.0.0", "172.15.255.255",       "172.32.0.0",  "192.0.1.0",
        "192.0.3.0",      "192.167.255.255", "192.169.0.0", "198.17.255.255",       "198.20.0.0",  "203.0.112.255",
        "203.0.114.0",    "223.255.255.255", "2001:200::",  "2001:4860:4860::8888", "2001:db9::",  "2003::",
        "2620:4f:8001::", "2a00::1",         "3fff:1000::"}) {
    EXPECT_EQ(policy.check(address(text)), PeerVerdict::allow) << text;
  }
}

TEST(PeerPolicy, ADeniedIpv4AddressStaysDeniedInEveryForm) {
  const PeerPolicy policy({}, {});
  for (const char* text :
       {"::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
        "2002:7f00:1::", "2002:7f00:1::1", "::10.1.2.3", "::ffff:0:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::5",
        "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "2001:0:7f00:1::1", "::0.0.0.2", "::ffff"}) {
    EXPECT_EQ(policy.check(address(text)), PeerVerdict::deny) << text;
  }
  EXPECT_EQ(policy.check(address("64:ff9b::8.8.8.8")), PeerVerdict::allow);
  EXPECT_EQ(policy.check(address("::8.8.8.8")), PeerVerdict::allow);
  EXPECT_EQ(policy.check(address("2002:808:808::1")), PeerVerdict::deny) << "6to4 itself is denied";
}

TEST(PeerPolicy, AllowingAFormDoesNotAllowTheIpv4AddressInIt) {
  const PeerPolicy policy(with_peers({allow("2002::/16"), allow("64:ff9b::/96")}), {});
  EXPECT_EQ(policy.check(address("2002:808:808::1")), PeerVerdict::allow);
  EXPECT_EQ(policy.check(address("2002:7f00:1::1")), PeerVerdict::deny);
  EXPECT_EQ(policy.check(address("64:ff9b::192.168.0.1")), PeerVerdict::deny);
}

TEST(PeerPolicy, AllowingAnIpv4AddressDoesNotAllowADeniedFormOfIt) {
  const PeerPolicy policy(with_peers({allow("10.0.0.0/8")}), {});
  EXPECT_EQ(policy.check(address("10.1.1.1")), PeerVerdict::allow);
  EXPECT_EQ(policy.check(address("::ffff:10.1.1.1")), PeerVerdict::allow) << "mapped: the same address";
  EXPECT_EQ(policy.check(address("2002:a01:101::")), PeerVerdict::deny);
  EXPECT_EQ(policy.check(address("64:ff9b::10.1.1.1")), PeerVerdict::allow);
}

TEST(PeerPolicy, LongestPrefixWinsAndDenyWinsATie) {
  struct Case {
    std::vector<PeerRule> rules;
    std::string_view peer;
    PeerVerdict verdict;
  };
  const Case cases[] = {
      {{allow("10.0.0.0/8")}, "10.9.9.9", PeerVerdict::allow},   // as long as the built-in rule
      {{allow("10.2.0.0/16")}, "10.2.1.1", PeerVerdict::allow},  // longer
      {{allow("10.2.0.0/16")}, "10.3.1.1", PeerVerdict::deny},
      {{allow("0.0.0.0/0")}, "10.3.1.1", PeerVerdict::deny},  // shorter
      {{deny("0.0.0.0/0")}, "8.8.8.8", PeerVerdict::deny},
      {{deny("0.0.0.0/0"), allow("8.8.8.0/24")}, "8.8.8.8", PeerVerdict::allow},
      {{allow("8.8.8.0/24"), deny("8.8.8.0/24")}, "8.8.8.8", PeerVerdict::deny},
      {{deny("8.8.8.0/24"), allow("8.8.8.0/24")}, "8.8.8.8", PeerVerdict::deny},
      {{deny("8.8.8.0/24"), allow("8.8.8.8")}, "8.8.8.8", PeerVerdict::allow},
      {{deny("8.8.8.0/24"), allow("8.8.8.8")}, "64:ff9b::8.8.8.9", PeerVerdict::deny},
      {{allow("::1")}, "::1", PeerVerdict::allow},
      {{allow("fd00::/8")}, "fd00::1", PeerVerdict::allow},
      {{deny("::/0")}, "2a00::1", PeerVerdict::deny},
      {{deny("::/0")}, "8.8.8.8", PeerVerdict::allow},  // IPv6 rules say nothing about IPv4
      {{deny("::/0"), deny("0.0.0.0/0")}, "8.8.8.8", PeerVerdict::deny},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(PeerPolicy(with_peers(c.rules), {}).check(address(c.peer)), c.verdict)
        << c.peer << ", first rule " << net::to_string(c.rules[0].prefix);
  }
}

TEST(PeerPolicy, OwnAddressesAreDeniedUnlessAllowedByName) {
  Settings settings;
  settings.own_addresses = {address("8.8.4.4"), address("2a00::5")};
  const PeerPolicy policy(settings, {});
  EXPECT_EQ(policy.check(address("8.8.4.4")), PeerVerdict::deny);
  EXPECT_EQ(policy.check(address("64:ff9b::8.8.4.4")), PeerVerdict::deny);
  EXPECT_EQ(policy.check(address("2a00::5")), PeerVerdict::deny);
  EXPECT_EQ(policy.check(address("8.8.4.5")), PeerVerdict::allow);
  settings.peers = {allow("8.8.0.0/16")};
  EXPECT_EQ(PeerPolicy(settings, {}).check(address("8.8.4.4")), PeerVerdict::deny);
  settings.peers = {allow("8.8.4.4")};
  EXPECT_EQ(PeerPolicy(settings, {}).check(address("8.8.4.4")), PeerVerdict::allow);
}

TEST(PeerPolicy, OwnRelayAddressesAreReachedAtRelayedPortsOnly) {
  Settings settings;
  settings.own_addresses = {address("10.0.0.5")};  // bound, management and relay in one
  const PeerPolicy policy(settings, with_relay("10.0.0.5", "9.9.9.9"));
  for (const char* text : {"10.0.0.5", "9.9.9.9"}) {
    EXPECT_EQ(policy.check(address(text)), PeerVerdict::relayed_only) << text;
    for (const auto& [port, permitted] : {std::pair{0, false},
                                          {22, false},
                                          {19999, false},
                                          {20000, true},
                                          {20999, true},
                                          {21000, false},
                                          {65535, false}}) {
      EXPECT_EQ(policy.permits({address(text), static_cast<std::uint16_t>(port)}), permitted) << text << ' ' << port;
    }
  }
  EXPECT_EQ(policy.check(address("64:ff9b::9.9.9.9")), PeerVerdict::deny) << "through a NAT64 all ports would be open";
  EXPECT_EQ(policy.check(address("10.0.0.6")), PeerVerdict::deny);

  settings.peers = {deny("9.9.9.9")};
  EXPECT_EQ(PeerPolicy(settings, with_relay("10.0.0.5", "9.9.9.9")).check(address("9.9.9.9")), PeerVerdict::deny);
  settings.peers = {deny("9.9.9.0/24"), deny("10.0.0.0/8")};
  EXPECT_EQ(PeerPolicy(settings, with_relay("10.0.0.5", "9.9.9.9")).check(address("9.9.9.9")),
            PeerVerdict::relayed_only);
}

TEST(PeerPolicy, AConfiguredAllowOpensOurOwnRelayAddressWhole) {
  Settings settings;
  const auto verdict = [&] {
    return PeerPolicy(settings, with_relay("127.0.0.1", "9.9.9.9")).check(address("127.0.0.1"));
  };
  EXPECT_EQ(verdict(), PeerVerdict::relayed_only);
  settings.peers = {allow("127.0.0.0/8")};
  EXPECT_EQ(verdict(), PeerVerdict::allow);
  settings.peers = {allow("127.0.0.0/8"), deny("127.0.0.0/24")};
  EXPECT_EQ(verdict(), PeerVerdict::relayed_only) << "the longer prefix decides";
  settings.peers = {deny("127.0.0.0/8"), allow("127.0.0.0/8")};
  EXPECT_EQ(verdict(), PeerVerdict::relayed_only) << "deny on a tie";
  settings.peers = {allow("127.0.0.0/8"), deny("127.0.0.0/8")};
  EXPECT_EQ(verdict(), PeerVerdict::relayed_only) << "in either order";
}

TEST(PeerPolicy, PortZeroIsNoPeer) {
  const PeerPolicy policy({}, {});
  EXPECT_FALSE(policy.permits({address("8.8.8.8"), 0}));
  EXPECT_TRUE(policy.permits({address("8.8.8.8"), 1}));
  EXPECT_FALSE(policy.permits({address("10.0.0.1"), 53}));
}

TEST(PeerPolicy, TheBuiltInListHasEveryBlockOfTheDocumentation) {
  EXPECT_EQ(denied_by_default().size(), 32u);
  for (const net::Prefix& prefix : denied_by_default()) {
    EXPECT_EQ(net::parse_prefix(net::to_string(prefix)), prefix) << "no bits behind the length";
  }
}

}  // namespace
}  // namespace penstock::turn

#include "dataplane/net/address.h"

#include <gtest/gtest.h>

namespace penstock::net {
namespace {

Address address(std::string_view text) {
  return parse_address(text).value();
}

TEST(Address, ParsesAndPrints) {
  for (const char* text : {"127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::5:0:0:7", "fe80::1"}) {
    EXPECT_EQ(to_string(address(text)), text);
  }
  EXPECT_EQ(to_string(address("::ffff:192.0.2.1")), "192.0.2.1") << "v4-mapped is IPv4: one form only";
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "1.2.3.4 ", "fe80::1%eth0", "localhost"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, OneFormForEqualAddresses) {
  EXPECT_EQ(address("::ffff:10.1.2.3"), Address::v4(0x0a010203));
  EXPECT_TRUE(address("10.1.2.3").is_v4());
  EXPECT_FALSE(address("::10.1.2.3").is_v4());
  EXPECT_EQ(address("10.1.2.3").v4_host_order(), 0x0a010203U);
  EXPECT_TRUE(address("0.0.0.0").is_unspecified());
  EXPECT_TRUE(address("::").is_unspecified());
  EXPECT_FALSE(address("::1").is_unspecified());
}

TEST(Address, CanonicalResolvesFormsThatReachIpv4) {
  struct Case {
    const char* given;
    const char* canonical;
  };
  for (const Case& c :
       {Case{"::ffff:127.0.0.1", "127.0.0.1"}, Case{"::127.0.0.1", "127.0.0.1"}, Case{"2002:7f00:1::", "127.0.0.1"},
        Case{"2002:a00:1::dead:beef", "10.0.0.1"}, Case{"64:ff9b::10.0.0.1", "10.0.0.1"}, Case{"::1", "::1"},
        Case{"::", "::"}, Case{"64:ff9b:1::10.0.0.1", "64:ff9b:1::a00:1"}, Case{"2001:db8::1", "2001:db8::1"}}) {
    EXPECT_EQ(canonical(address(c.given)), address(c.canonical)) << c.given;
  }
}

TEST(Endpoint, ParsesAndPrints) {
  EXPECT_EQ(to_string(*parse_endpoint("192.0.2.1:99", 3478)), "192.0.2.1:99");
  EXPECT_EQ(to_string(*parse_endpoint("192.0.2.1", 3478)), "192.0.2.1:3478");
  EXPECT_EQ(to_string(*parse_endpoint("[2001:db8::1]:99", 3478)), "[2001:db8::1]:99");
  EXPECT_EQ(to_string(*parse_endpoint("[2001:db8::1]", 3478)), "[2001:db8::1]:3478");
  EXPECT_EQ(to_string(*parse_endpoint("2001:db8::1", 3478)), "[2001:db8::1]:3478");
  for (const char* text : {"192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x", "[::1", "[::1]99", "::1]:9",
                           "[192.0.2.1:99", ":99", ""}) {
    EXPECT_FALSE(parse_endpoint(text, 3478)) << text;
  }
}

TEST(Prefix, ParsesPrintsAndContains) {
  for (const char* text : {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32", "::/0", "fc00::/7", "2001:db8::1/128"}) {
    EXPECT_EQ(to_string(*parse_prefix(text)), text);
  }
  EXPECT_EQ(to_string(*parse_prefix("192.0.2.1")), "192.0.2.1/32");
  for (const char* text : {"10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "/8", "10.0.0.0/-1", "fc00::1/7"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
  struct Case {
    const char* prefix;
    const char* address;
    bool contains;
  };
  for (const Case& c :
       {Case{"10.0.0.0/8", "10.255.0.1", true}, Case{"10.0.0.0/8", "11.0.0.1", false},
        Case{"172.16.0.0/12", "172.31.255.255", true}, Case{"172.16.0.0/12", "172.32.0.0", false},
        Case{"0.0.0.0/0", "8.8.8.8", true}, Case{"0.0.0.0/0", "2001:db8::1", false}, Case{"::/0", "8.8.8.8", true},
        Case{"fc00::/7", "fdff::1", true}, Case{"fc00::/7", "fe00::1", false}}) {
    EXPECT_EQ(parse_prefix(c.prefix)->contains(address(c.address)), c.contains) << c.prefix << " " << c.address;
  }
}

TEST(Endpoint, HashDependsOnEveryPartAndTheSalt) {
  const Endpoint e{address("192.0.2.1"), 1000};
  EXPECT_NE(hash(e, 1), hash(e, 2));
  EXPECT_NE(hash(e, 1), hash({e.address, 1001}, 1));
  EXPECT_NE(hash(e, 1), hash({address("192.0.2.2"), 1000}, 1));
  EXPECT_NE(hash({address("2001:db8::1"), 1}, 1), hash({address("2001:db9::1"), 1}, 1));
}

}  // namespace
}  // namespace penstock::net

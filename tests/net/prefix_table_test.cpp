#include "dataplane/net/prefix_table.h"

#include <gmock/gmock.h>

#include <random>
#include <string_view>

namespace penstock::net {
namespace {

Prefix prefix(std::string_view text) {
  return parse_prefix(text).value();
}
Address address(std::string_view text) {
  return parse_address(text).value();
}

TEST(PrefixTable, LongestPrefixWinsAtEveryEdge) {
  const std::vector<PrefixTable::Rule> rules{
      {prefix("10.0.0.0/8"), 1},      {prefix("10.1.0.0/16"), 2},     {prefix("10.1.2.3"), 3},
      {prefix("10.255.0.0/16"), 4},   {prefix("255.255.255.255"), 5}, {prefix("2001:db8::/32"), 6},
      {prefix("2001:db8::/64"), 7},   {prefix("2001:db8::1"), 8},     {prefix("ff00::/8"), 9},
      {prefix("2001:db8:0:1::"), 10}, {prefix("::/128"), 11},
  };
  const PrefixTable table(rules, 0);
  struct Case {
    std::string_view address;
    PrefixTable::Value value;
  };
  const Case cases[] = {
      {"9.255.255.255", 0},
      {"10.0.0.0", 1},
      {"10.0.255.255", 1},
      {"10.1.0.0", 2},
      {"10.1.2.2", 2},
      {"10.1.2.3", 3},
      {"10.1.2.4", 2},
      {"10.1.255.255", 2},
      {"10.2.0.0", 1},
      {"10.254.255.255", 1},
      {"10.255.255.255", 4},
      {"11.0.0.0", 0},
      {"255.255.255.254", 0},
      {"255.255.255.255", 5},
      {"::", 11},
      {"::1", 0},
      {"2001:db7:ffff::", 0},
      {"2001:db8::", 7},
      {"2001:db8::1", 8},
      {"2001:db8::2", 7},
      {"2001:db8::ffff:ffff:ffff:ffff", 7},
      {"2001:db8:0:1::", 10},
      {"2001:db8:0:1::1", 6},
      {"2001:db8:0:2::", 6},
      {"2001:db9::", 0},
      {"feff:ffff::", 0},
      {"ff00::", 9},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9},
  };
  for (const Case& c : cases) EXPECT_EQ(table.find(address(c.address)), c.value) << c.address;
}

TEST(PrefixTable, WithoutRulesEverythingIsOtherwise) {
  const PrefixTable table({}, 7);
  for (const char* text : {"::", "1.2.3.4", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_EQ(table.find(address(text)), 7u) << text;
  }
}

TEST(PrefixTable, TheLastRuleForAPrefixCounts) {
  const std::vector<PrefixTable::Rule> rules{
      {prefix("192.0.2.0/24"), 1}, {prefix("192.0.2.0/24"), 2}, {prefix("::/0"), 3}, {prefix("::/0"), 4}};
  const PrefixTable table(rules, 0);
  EXPECT_EQ(table.find(address("192.0.2.9")), 2u);
  EXPECT_EQ(table.find(address("2001:db8::")), 4u);
}

TEST(PrefixTable, BitsBehindTheLengthAreIgnored) {
  const PrefixTable table(std::vector<PrefixTable::Rule>{{{address("192.0.2.77"), 120}, 1}}, 0);
  EXPECT_EQ(table.find(address("192.0.2.0")), 1u);
  EXPECT_EQ(table.find(address("192.0.3.0")), 0u);
}

/// The definition of longest-prefix match, in as few words as possible.
PrefixTable::Value slow_find(const std::vector<PrefixTable::Rule>& rules, const Address& a) {
  PrefixTable::Value value = 0;
  int longest = -1;
  for (const auto& rule : rules) {
    if (rule.prefix.contains(a) && rule.prefix.length >= longest) {
      longest = rule.prefix.length;
      value = rule.value;
    }
  }
  return value;
}

TEST(PrefixTable, AgreesWithAScanOfAllRules) {
  std::mt19937_64 random(7);
  const auto pick = [&](std::uint64_t n) { return random() % n; };
  for (int round = 0; round < 60; ++round) {
    // Few distinct bytes, so that prefixes nest and collide often.
    const auto any_address = [&] {
      Address a = pick(2) == 0 ? Address::v4(static_cast<std::uint32_t>(random())) : Address{};
      for (auto& byte : a.bytes) {
        if (pick(2) == 0 && !(a.is_v4() && &byte < &a.bytes[12]))
          byte = std::array<std::uint8_t, 4>{0, 1, 0x80, 0xff}[pick(4)];
      }
      return a;
    };
    std::vector<PrefixTable::Rule> rules;
    for (std::uint64_t i = pick(200); i > 0; --i) {
      rules.push_back(
          {{any_address(), static_cast<std::uint8_t>(pick(129))}, static_cast<PrefixTable::Value>(pick(5))});
    }
    const PrefixTable table(rules, 0);
    std::vector<Address> probes;
    for (int i = 0; i < 200; ++i) probes.push_back(any_address());
    for (const auto& rule : rules) probes.push_back(rule.prefix.address);
    for (const Address& probe : probes) {
      ASSERT_EQ(table.find(probe), slow_find(rules, probe)) << to_string(probe) << " in round " << round;
    }
  }
}

}  // namespace
}  // namespace penstock::net

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/document.h"
#include "control/config/value.h"

namespace penstock::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Problems problems_of(std::string_view text, Config& config) {
  Origins origins;
  Problems problems;
  read_document(text, "penstock.toml", config, origins, problems);
  return problems;
}

TEST(ConfigDocument, TakesEveryKindOfValue) {
  Config config;
  const Problems problems = problems_of(R"(
[listen]
addresses = ["192.0.2.1", "[2001:db8::1]:3479"]
port = 3480
[relay]
addresses = ["10.0.0.5=203.0.113.5"]
[auth]
users = ["alice:pass:word"]
secrets = ["north"]
[peers]
allow = ["10.0.0.0/8"]
[limits]
total_bits_per_s = 40_000_000_000
[workers]
cores = [1, 0]
[log]
format = "json"
[metrics]
listen = ""
)",
                                        config);
  EXPECT_THAT(problems, IsEmpty());
  ASSERT_EQ(config.listen.addresses.size(), 2U);
  EXPECT_EQ(config.listen.addresses[0].port, 0);
  EXPECT_EQ(net::to_string(config.listen.addresses[1]), "[2001:db8::1]:3479");
  EXPECT_EQ(config.listen.port, 3480);
  EXPECT_EQ(net::to_string(config.relay.addresses.at(0).advertised), "203.0.113.5");
  EXPECT_EQ(config.auth.users.at(0).password, "pass:word");
  EXPECT_EQ(config.peers.allow.at(0).length, 104);
  EXPECT_EQ(config.limits.total.bits_per_s, 40'000'000'000U);
  EXPECT_THAT(config.workers.cores, ElementsAre(1, 0));
  EXPECT_EQ(config.log.format, LogFormat::json);
  EXPECT_FALSE(config.metrics.listen.has_value());
}

struct Bad {
  const char* name;
  const char* text;
  const char* where;
  const char* reason;
};

class BadDocument : public testing::TestWithParam<Bad> {};

TEST_P(BadDocument, IsRefusedWithLineAndReason) {
  Config config;
  const Problems problems = problems_of(GetParam().text, config);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].where, GetParam().where);
  EXPECT_THAT(problems[0].reason, HasSubstr(GetParam().reason));
}

constexpr Bad kBad[] = {
    {"syntax", "[relay]\nport_min = = 5\n", "penstock.toml:2", ""},
    {"not_utf8", "[auth]\nrealm = \"\xff\"\n", "penstock.toml:2", ""},
    {"key_twice", "[relay]\nport_min = 2000\nport_min = 3000\n", "penstock.toml:3", "redefine"},
    {"unknown_section", "\n[relais]\n", "penstock.toml:2", "unknown section [relais]; did you mean 'relay'?"},
    {"unknown_key", "[relay]\n\nport_mn = 5\n", "penstock.toml:3", "did you mean 'relay.port_min'?"},
    {"unrelated_key", "[relay]\nx = 5\n", "penstock.toml:2", "unknown key relay.x"},
    {"key_outside_sections", "relay = 5\n", "penstock.toml:1", "'relay' is a section: write [relay]"},
    {"array_of_tables", "[[relay]]\nport_min = 5\n", "penstock.toml:1", "'relay' is a section"},
    {"text_for_number", "[relay]\nport_min = \"5\"\n", "penstock.toml:2", "relay.port_min: must be a whole number"},
    {"float_for_number", "[relay]\nport_min = 5.0\n", "penstock.toml:2", "must be a whole number"},
    {"number_for_text", "[auth]\nrealm = 5\n", "penstock.toml:2", "must be a string in quotes"},
    {"text_for_list", "[auth]\nsecrets = \"x\"\n", "penstock.toml:2", "must be a list of strings"},
    {"number_in_list_of_text", "[auth]\nsecrets = [\n\"x\",\n5]\n", "penstock.toml:4", "must be a list of strings"},
    {"text_in_list_of_numbers", "[workers]\ncores = [\"1\"]\n", "penstock.toml:2", "must be a list of whole numbers"},
    {"nested_list", "[auth]\nsecrets = [[\"x\"]]\n", "penstock.toml:2", "must be a list of strings"},
    {"table_for_value", "[auth.realm]\nx = 1\n", "penstock.toml:1", "must be a string"},
    {"above_range", "[relay]\nport_max = 65536\n", "penstock.toml:2", "65536 is not from 1024 to 65535"},
    {"below_range", "[relay]\nport_min = 80\n", "penstock.toml:2", "80 is not from 1024 to 65535"},
    {"negative", "[limits]\ntotal_bits_per_s = -1\n", "penstock.toml:2", "-1 is less than 0"},
    {"negative_32", "[limits]\nuser_allocations = -1\n", "penstock.toml:2", "-1 is not from 0 to 4294967295"},
    {"choice", "[log]\nformat = \"xml\"\n", "penstock.toml:2", "'xml' is not one of text, json"},
    {"address", "[listen]\naddresses = [\"192.0.2.256\"]\n", "penstock.toml:2", "'192.0.2.256' is not an IPv4"},
    {"port", "[listen]\naddresses = [\"192.0.2.1:0\"]\n", "penstock.toml:2", "port must be a number from 1"},
    {"prefix_bits", "[peers]\nallow = [\"10.0.0.1/8\"]\n", "penstock.toml:2", "bits set behind its prefix length"},
    {"prefix_length", "[peers]\ndeny = [\"10.0.0.0/33\"]\n", "penstock.toml:2", "from 0 to 32"},
    {"prefix_empty", "[peers]\ndeny = [\"10.0.0.0/\"]\n", "penstock.toml:2", "from 0 to 32"},
    {"mapping_of_families", "[relay]\naddresses = [\"10.0.0.1=2001:db8::1\"]\n", "penstock.toml:2",
     "one address family to the other"},
    {"mapping_empty", "[relay]\naddresses = [\"10.0.0.1=\"]\n", "penstock.toml:2", "'' is not an IPv4"},
    {"user_without_password", "[auth]\nusers = [\"alice:\"]\n", "penstock.toml:2", "NAME:PASSWORD"},
    {"user_without_name", "[auth]\nusers = [\":x\"]\n", "penstock.toml:2", "NAME:PASSWORD"},
    {"user_without_colon", "[auth]\nusers = [\"alice\"]\n", "penstock.toml:2", "NAME:PASSWORD"},
    {"empty_secret", "[auth]\nsecrets = [\"\"]\n", "penstock.toml:2", "a secret may not be empty"},
    {"zero_byte", "[auth]\nrealm = \"a\\u0000b\"\n", "penstock.toml:2", "zero byte"},
};

INSTANTIATE_TEST_SUITE_P(, BadDocument, testing::ValuesIn(kBad), [](const auto& row) { return row.param.name; });

TEST(ConfigDocument, NamesEveryProblemNotOnlyTheFirst) {
  Config config;
  const Problems problems = problems_of(
      "[relay]\nport_min = 1\nport_max = 99999\nport = 3\n[auth]\nusers = [\"a\", \"b:c\", \"d\"]\n", config);
  std::vector<std::string> places;
  for (const Problem& problem : problems) places.push_back(problem.where);
  EXPECT_THAT(places, testing::UnorderedElementsAre("penstock.toml:2", "penstock.toml:3", "penstock.toml:4",
                                                    "penstock.toml:6", "penstock.toml:6"));
  EXPECT_EQ(config.auth.users.size(), 1U);
}

TEST(ConfigDocument, PasswordsAreNotRepeatedInProblems) {
  Config config;
  const Problems problems = problems_of("[auth]\nusers = [\":hunter2\"]\n", config);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].reason, testing::Not(HasSubstr("hunter2")));
}

// Gives a key a valid value that differs from its default.
void change(Key& key) {
  switch (shape_of(key)) {
    case Shape::boolean:
      ASSERT_TRUE(assign(key, to_toml(key) != "true"));
      return;
    case Shape::number:
    case Shape::numbers: {
      const auto low = static_cast<std::int64_t>(key.range.min);
      ASSERT_TRUE(assign(key, to_toml(key) == fmt::format("{}", low) ? low + 1 : low));
      return;
    }
    default:
      break;
  }
  if (const auto* choice = std::get_if<Choice>(&key.slot)) {
    *choice->value = static_cast<std::uint8_t>(choice->names.size() - 1);
  } else if (std::holds_alternative<std::vector<PortChoice>*>(key.slot)) {
    ASSERT_TRUE(assign(key, std::string_view("dpdk:0000:01:00.0;address=192.0.2.1/24;mtu=9000")));
  } else if (!assign(key, std::string_view("192.0.2.7"))) {
    ASSERT_TRUE(assign(key, std::string_view("quoted \"\\ name:with \x01 and \xc3\xa9")));
  }
}

TEST(ConfigDocument, WhatIsPrintedReadsBackTheSameForEveryKey) {
  Config config;
  Keys keys = keys_of(config);
  for (Key& key : keys.rows()) {
    change(key);
    Config again;
    EXPECT_THAT(problems_of(print_document(config), again), IsEmpty()) << key.full_name();
    Keys others = keys_of(again);
    EXPECT_EQ(to_toml(key), to_toml(*others.find(key.full_name()))) << key.full_name();
  }
}

TEST(ConfigDocument, PrintsEveryKeyOnceWithItsExplanation) {
  Config config;
  const std::string text = print_document(config);
  Keys keys = keys_of(config);
  for (const Key& key : keys.rows()) {
    EXPECT_FALSE(key.help.empty()) << key.full_name();
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{} = {}\n", key.name, to_toml(key))));
  }
  for (const Section& section : keys.sections()) EXPECT_THAT(text, HasSubstr(fmt::format("[{}]\n", section.name)));
  EXPECT_THAT(text, HasSubstr("1024 to 65535."));
}

TEST(ConfigDocument, DefaultsAreWithinTheirLimits) {
  Config config;
  Keys keys = keys_of(config);
  for (Key& key : keys.rows()) {
    if (shape_of(key) != Shape::number) continue;
    EXPECT_TRUE(assign_flag(key, to_toml(key))) << key.full_name();
  }
}

}  // namespace
}  // namespace penstock::control

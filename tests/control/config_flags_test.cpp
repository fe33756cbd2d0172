#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/flags.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;
using Arguments = std::vector<const char*>;

std::variant<CommandLine, Leave> parse(Arguments arguments) {
  arguments.insert(arguments.begin(), "penstockd");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

Config config_of(const Arguments& arguments) {
  const auto line = parse(arguments);
  Problems problems;
  Config config = read_sources(std::get<CommandLine>(line).sources, problems).config;
  EXPECT_TRUE(problems.empty()) << to_string(problems[0]);
  return config;
}

TEST(ConfigFlags, AloneSuffice) {
  const Config config = config_of({"--listen",     "192.0.2.1",
                                   "--listen",     "[2001:db8::1]:5000",
                                   "--user",       "a:b",
                                   "--user",       "c:d",
                                   "--secret",     "s",
                                   "--realm",      "r",
                                   "--allow-peer", "10.0.0.0/8",
                                   "--deny-peer",  "10.1.0.0/16",
                                   "--relay",      "10.0.0.1=192.0.2.9",
                                   "--workers",    "1",
                                   "--metrics",    "127.0.0.1:99",
                                   "--log-format", "json",
                                   "--set",        "limits.user_allocations=5"});
  EXPECT_EQ(config.listen.addresses.size(), 2U);
  EXPECT_EQ(config.auth.users.size(), 2U);
  EXPECT_EQ(config.auth.secrets.at(0).secret, "s");
  EXPECT_EQ(config.auth.realm, "r");
  EXPECT_EQ(config.peers.allow.size(), 1U);
  EXPECT_EQ(config.peers.deny.size(), 1U);
  EXPECT_EQ(net::to_string(config.relay.addresses.at(0).advertised), "192.0.2.9");
  EXPECT_EQ(config.workers.count, 1U);
  EXPECT_EQ(config.metrics.listen->port, 99);
  EXPECT_EQ(config.log.format, LogFormat::json);
  EXPECT_EQ(config.limits.user.allocations, 5U);
}

TEST(ConfigFlags, MistakesAreNamedByFlag) {
  const auto line = parse({"--listen", "nowhere", "--workers", "two", "--set", "relay.port=5", "--core", "1024"});
  Problems problems;
  read_sources(std::get<CommandLine>(line).sources, problems);
  ASSERT_EQ(problems.size(), 4U);
  std::string all;
  for (const Problem& problem : problems) all += to_string(problem) + "\n";
  EXPECT_THAT(all, HasSubstr("--listen: 'nowhere' is not an IPv4 or IPv6 address"));
  EXPECT_THAT(all, HasSubstr("--workers: 'two' is not a whole number"));
  EXPECT_THAT(all, HasSubstr("--set relay.port: unknown key relay.port"));
  EXPECT_THAT(all, HasSubstr("--core: 1024 is not from 0 to 1023"));
}

TEST(ConfigFlags, TheLastOfASingleValueWins) {
  EXPECT_EQ(config_of({"--realm", "a", "--realm", "b"}).auth.realm, "b");
}

TEST(ConfigFlags, EveryFlagBelongsToAKey) {
  const auto help = std::get<Leave>(parse({"--help"}));
  EXPECT_EQ(help.code, 0);
  Config config;
  Keys keys = keys_of(config);
  for (const char* flag :
       {"--port-min", "--port-max", "--core", "--log-level", "--allocations-file", "--drain-deadline"}) {
    EXPECT_THAT(help.text, HasSubstr(flag));
    const auto line = std::get<CommandLine>(parse({flag, "1"}));
    ASSERT_EQ(line.sources.flags.size(), 1U);
    EXPECT_NE(keys.find(line.sources.flags[0].key), nullptr) << flag;
  }
}

TEST(ConfigFlags, UnknownOnesEndTheProgram) {
  const auto leave = std::get<Leave>(parse({"--lisden", "192.0.2.1"}));
  EXPECT_EQ(leave.code, 2);
  EXPECT_THAT(leave.text, HasSubstr("--lisden"));
  EXPECT_EQ(std::get<Leave>(parse({"--version"})).code, 0);
  EXPECT_EQ(std::get<Leave>(parse({"--set", "x"})).code, 2);
}

TEST(ConfigFlags, ActionsAreTold) {
  const auto check = std::get<CommandLine>(parse({"--check-config", "f.toml"}));
  EXPECT_EQ(check.action, CommandLine::Action::check_config);
  EXPECT_EQ(check.sources.file, "f.toml");
  EXPECT_EQ(std::get<CommandLine>(parse({"--print-config"})).action, CommandLine::Action::print_config);
}

}  // namespace
}  // namespace penstock::control

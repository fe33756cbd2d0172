#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/check.h"
#include "control/config/document.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Problems check(const std::string& text, const std::vector<std::uint32_t>& cores = {0, 1, 2, 3}) {
  Config config;
  Origins origins;
  Problems problems;
  read_document("auth = {users = [\"a:b\"]}\n" + text, "f", config, origins, problems);
  EXPECT_THAT(problems, IsEmpty());
  check_config(config, origins, cores, problems);
  return problems;
}

TEST(ConfigCheck, DefaultsWithOneUserAreFine) {
  EXPECT_THAT(check(""), IsEmpty());
}

TEST(ConfigCheck, WithoutUsersAndSecretsTheFixIsNamed) {
  Problems problems;
  check_config(Config{}, {}, {0}, problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].reason, HasSubstr("--user NAME:PASSWORD"));
}

struct Impossible {
  const char* name;
  const char* text;
  const char* where;
  const char* reason;
};

class ImpossibleConfig : public testing::TestWithParam<Impossible> {};

TEST_P(ImpossibleConfig, IsRefusedWithTheLineThatSetIt) {
  const Problems problems = check(GetParam().text);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].where, GetParam().where);
  EXPECT_THAT(problems[0].reason, HasSubstr(GetParam().reason));
}

constexpr Impossible kImpossible[] = {
    {"ports_crossed", "[relay]\nport_min = 3000\nport_max = 2000\n", "f:3", "port_min (3000) is above port_max (2000)"},
    {"port_max_below_default_min", "[relay]\nport_max = 2000\n", "f:3", "above port_max"},
    {"listen_twice", "[listen]\naddresses = [\"192.0.2.1\", \"192.0.2.1:3478\"]\n", "f:3", "is there twice"},
    {"listen_multicast", "[listen]\naddresses = [\"ff02::1\"]\n", "f:3", "multicast"},
    {"relay_twice", "[relay]\naddresses = [\"192.0.2.1\", \"192.0.2.1=192.0.2.2\"]\n", "f:3", "is there twice"},
    {"relay_wildcard", "[relay]\naddresses = [\"0.0.0.0=192.0.2.1\"]\n", "f:3", "0.0.0.0 is not the address of a host"},
    {"relay_multicast", "[relay]\naddresses = [\"10.0.0.1=239.0.0.1\"]\n", "f:3", "239.0.0.1 is not the address"},
    {"lifetimes", "[limits]\nlifetime_max_s = 500\n", "f:3", "lifetime_max_s (500) is below lifetime_default_s (600)"},
    {"lifetimes_by_default", "[limits]\nlifetime_default_s = 5000\n", "f:3", "is below"},
    {"allowed_and_denied", "[peers]\nallow = [\"10.0.0.0/8\"]\ndeny = [\"10.0.0.0/8\"]\n", "f:4", "allowed and denied"},
    {"more_workers_than_cores", "[workers]\ncount = 5\n", "f:3", "5 workers need as many cores, and there are 4"},
    {"more_workers_than_listed", "[workers]\ncount = 2\ncores = [1]\n", "f:3", "and there are 1"},
    {"core_not_allowed", "[workers]\ncores = [9]\n", "f:3", "may not run on core 9; allowed: 0, 1, 2, 3"},
    {"slabs", "[dataplane]\nslabs = 1000\n", "f:3", "1000 is not a power of two; take 1024"},
    {"core_twice", "[workers]\ncores = [1, 1]\n", "f:3", "core 1 is there twice"},
};

INSTANTIATE_TEST_SUITE_P(, ImpossibleConfig, testing::ValuesIn(kImpossible),
                         [](const auto& row) { return row.param.name; });

TEST(ConfigCheck, RealmAndUserNamesAreChecked) {
  Config config;
  config.auth.realm = "";
  config.auth.users = {{"a", "b"}, {"a", "c"}};
  Problems problems;
  check_config(config, {}, {0}, problems);
  EXPECT_EQ(problems.size(), 2U);
}

}  // namespace
}  // namespace penstock::control

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/config/load.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ConfigLoad, FlagsReplaceSingleValuesAndAddToLists) {
  const TemporaryDirectory files;
  const std::string file =
      files.write("p.toml", "[auth]\nrealm = \"file\"\nusers = [\"a:b\"]\n[peers]\nallow = [\"10.0.0.0/8\"]\n");
  const Sources sources{file, {{"--realm", "auth.realm", "flag"}, {"--user", "auth.users", "c:d"}}};
  const auto loaded = load_config(sources, {0});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.auth.realm, "flag");
  EXPECT_EQ(loaded->config.auth.users.size(), 2U);
  EXPECT_EQ(loaded->origins.at("auth.realm"), "--realm");
  EXPECT_EQ(loaded->origins.at("peers.allow"), file + ":5");
}

TEST(ConfigLoad, CredentialsComeFromFilesBesideItAndTheEnvironment) {
  const TemporaryDirectory files;
  const std::string file = files.write("p.toml", "[auth]\nusers_file = \"users\"\nsecrets_file = \"secrets\"\n");
  files.write("users", "# people\nalice:wonder land\r\n\nbob:#1\n");
  files.write("secrets", "first\nsecond # not a comment\n");
  setenv("PENSTOCK_SECRETS", "third\nfourth", 1);
  const auto loaded = load_config({file, {}}, {0});
  unsetenv("PENSTOCK_SECRETS");
  ASSERT_TRUE(loaded);
  const AuthSection& auth = loaded->config.auth;
  ASSERT_EQ(auth.users.size(), 2U);
  EXPECT_EQ(auth.users[0].password, "wonder land");
  EXPECT_EQ(auth.users[1].password, "#1");
  std::vector<std::string> secrets;
  for (const auto& secret : auth.secrets) secrets.push_back(secret.secret);
  EXPECT_THAT(secrets, ElementsAre("first", "second # not a comment", "third", "fourth"));
}

TEST(ConfigLoad, BadLinesOfTheUsersFileAreNamed) {
  const TemporaryDirectory files;
  const std::string file = files.write("p.toml", "[auth]\nusers_file = \"users\"\n");
  files.write("users", "alice:a\nbob\n");
  const auto loaded = load_config({file, {}}, {0});
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1U);
  EXPECT_EQ(loaded.error()[0].where, files.path("users") + ":2");
}

TEST(ConfigLoad, MissingFilesAreNamed) {
  const TemporaryDirectory files;
  const auto none = load_config({files.path("none.toml"), {}}, {0});
  ASSERT_FALSE(none);
  EXPECT_THAT(to_string(none.error()[0]), HasSubstr("No such file"));
  const std::string file = files.write("p.toml", "[auth]\nusers = [\"a:b\"]\n\nsecrets_file = \"s\"\n");
  const auto no_secrets = load_config({file, {}}, {0});
  ASSERT_FALSE(no_secrets);
  EXPECT_EQ(no_secrets.error()[0].where, file + ":4");
}

TEST(ConfigLoad, AnEndlessFileIsRefused) {
  const auto loaded = load_config({"/dev/zero", {}}, {0});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error()[0].reason, HasSubstr("more than 16 MB"));
}

TEST(ConfigLoad, ChangesAreSortedByWhatTheyNeed) {
  Config before;
  Config after;
  after.listen.port = 5000;
  after.auth.realm = "other";
  after.limits.user.allocations = 3;
  EXPECT_THAT(changes_for_restart(before, after), ElementsAre("listen.port"));
  EXPECT_THAT(changes_by_reload(before, after), ElementsAre("auth.realm", "limits.user_allocations"));
}

}  // namespace
}  // namespace penstock::control

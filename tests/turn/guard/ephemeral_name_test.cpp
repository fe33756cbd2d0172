#include "turn/guard/ephemeral_name.h"

#include <gmock/gmock.h>

namespace penstock::turn {
namespace {

TEST(EphemeralName, IsReadAsCoturnReadsIt) {
  struct Case {
    std::string_view user_name;
    std::uint64_t expiry;
    std::string_view name;
  };
  const Case cases[] = {
      {"1735689600:alice", 1735689600, "alice"},
      {"1735689600:alice:phone", 1735689600, "alice:phone"},
      {"1735689600:42", 1735689600, "42"},  // digits first are the expiry
      {"alice:1735689600", 1735689600, "alice"},
      {"1735689600", 1735689600, "1735689600"},  // each such credential is a user of its own
      {"1735689600:", 1735689600, "1735689600:"},
      {"0:alice", 0, "alice"},
      {"18446744073709551615:alice", UINT64_MAX, "alice"},
  };
  for (const Case& c : cases) {
    const auto parsed = parse_ephemeral_name(c.user_name);
    ASSERT_TRUE(parsed) << c.user_name;
    EXPECT_EQ(parsed->expires_unix_s, c.expiry) << c.user_name;
    EXPECT_EQ(parsed->name, c.name) << c.user_name;
  }
}

TEST(EphemeralName, IsNothingElse) {
  for (const char* text : {"", ":", "alice", ":1735689600", "alice:", "alice:soon", "a:b:1735689600", "-5:alice",
                           "1.5:alice", " 17:alice", "17 :alice", "18446744073709551616:alice", "0x10:alice"}) {
    EXPECT_FALSE(parse_ephemeral_name(text)) << text;
  }
}

}  // namespace
}  // namespace penstock::turn

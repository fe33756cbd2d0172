#include "control/credentials/credentials.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock::control {
namespace {

struct Known {
  std::string secret;
  std::string name;
  CredentialHash hash;
  std::string user_name;
  std::string password;
};

// Made with Python's hmac module; the first one also with `openssl dgst -sha1 -hmac`.
const Known kKnown[] = {
    {"north of the border", "alice", CredentialHash::sha1, "1767322800:alice", "gk8kDFvcwcoL4uhUVZbqIQraNfw="},
    {"north of the border", "alice", CredentialHash::sha256, "1767322800:alice",
     "iWGjVxNgjVa0yUwvKsMigxawa7DLiHOW/de0Li0yyYU="},
    {"north of the border", "", CredentialHash::sha1, "1767322800", "MXXUrJIYaTxQCrZ9cCOQyqghrsg="},
};

TEST(Credentials, MatchKnownAnswers) {
  for (const Known& known : kKnown) {
    const Credential made = make_credential(known.secret, known.name, 1767322800, known.hash);
    EXPECT_EQ(made.user_name, known.user_name);
    EXPECT_EQ(made.password, known.password);
  }
}

TEST(Credentials, IceServersIsWhatABrowserTakes) {
  const Credential credential{"1:a\"b", "pw"};
  const auto json = nlohmann::json::parse(ice_servers_json(credential, {"turn:192.0.2.1:3478", "turn:[::1]:3478"}));
  const auto& server = json.at("iceServers").at(0);
  EXPECT_EQ(server.at("username"), "1:a\"b");
  EXPECT_EQ(server.at("credential"), "pw");
  EXPECT_EQ(server.at("urls").size(), 2U);
}

}  // namespace
}  // namespace penstock::control

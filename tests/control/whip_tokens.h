#pragma once
// Tokens as a signaling server mints them, and as an attacker would.

#include <gtest/gtest.h>
#include <jwt.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::control::whip {

inline const std::string kSecret = "0123456789abcdef0123456789abcdef";
inline const std::string kOtherSecret = "another-secret-of-enough-bytes-for-hs256";
inline constexpr std::uint64_t kNow = 1'800'000'000;

/// A JWT of these claims (JSON), signed with `secret`.
inline std::string token_of(const std::string& claims, const std::string& secret = kSecret,
                            jwt_alg_t algorithm = JWT_ALG_HS256, const std::string& headers = "{}") {
  jwt_t* made = nullptr;
  EXPECT_EQ(jwt_new(&made), 0);
  const std::unique_ptr<jwt_t, decltype(&jwt_free)> jwt(made, &jwt_free);
  EXPECT_EQ(jwt_add_grants_json(made, claims.c_str()), 0) << claims;
  EXPECT_EQ(jwt_add_headers_json(made, headers.c_str()), 0) << headers;
  const auto* key = reinterpret_cast<const unsigned char*>(secret.data());
  EXPECT_EQ(jwt_set_alg(made, algorithm, key, static_cast<int>(secret.size())), 0);
  const std::unique_ptr<char, decltype(&std::free)> text(jwt_encode_str(made), &std::free);
  return text ? text.get() : "";
}

inline std::string token_for(std::string_view room, std::string_view role, std::uint64_t expires_at = kNow + 60) {
  return token_of(R"({"room":")" + std::string(room) + R"(","role":")" + std::string(role) + R"(","exp":)" +
                  std::to_string(expires_at) + "}");
}

}  // namespace penstock::control::whip

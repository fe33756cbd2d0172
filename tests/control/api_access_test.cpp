// Who gets in.

#include "tests/control/api_fixture.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control::api {
namespace {

using http::Carrier;
using testing::HasSubstr;

constexpr const char* kToken = "0123456789abcdef";

struct Visitor {
  const char* name;
  Access access;
  http::Client client;
  http::Headers headers;
  unsigned status;
};

const http::Client kHere{.carrier = Carrier::tcp, .address = *net::parse_endpoint("127.0.0.1:5000", 0)};
const http::Client kHere6{.carrier = Carrier::tcp, .address = *net::parse_endpoint("[::1]:5000", 0)};
const http::Client kThere{.carrier = Carrier::tls, .address = *net::parse_endpoint("192.0.2.7:5000", 0)};
const http::Client kCertified{.carrier = Carrier::tls, .address = kThere.address, .certificate_subject = "CN=sig"};

TEST(Gate, LetsInWhoMayComeIn) {
  const Access tokens{.tokens = {kToken, "another-token-of-length"}};
  const Access certificates{.tokens = {}, .client_certificates = true};
  const Visitor table[] = {
      {"a Unix socket", tokens, {.carrier = Carrier::unix_socket}, {}, 200},
      {"loopback, nothing configured", {}, kHere, {{"Host", "127.0.0.1:8080"}}, 200},
      {"loopback 6", {}, kHere6, {{"Host", "[::1]:8080"}}, 200},
      {"localhost", {}, kHere, {{"Host", "localhost:8080"}}, 200},
      {"its own page", {}, kHere, {{"Host", "127.0.0.1:8080"}, {"Origin", "http://127.0.0.1:8080"}}, 200},
      {"a page of another site", {}, kHere, {{"Host", "127.0.0.1:8080"}, {"Origin", "http://evil.example"}}, 403},
      {"a page of another port", {}, kHere, {{"Host", "127.0.0.1:8080"}, {"Origin", "http://127.0.0.1:81"}}, 403},
      {"a sandboxed page", {}, kHere, {{"Host", "127.0.0.1:8080"}, {"Origin", "null"}}, 403},
      {"DNS that was turned", {}, kHere, {{"Host", "evil.example:8080"}}, 403},
      {"from elsewhere, nothing configured", {}, kThere, {{"Host", "192.0.2.1"}}, 403},
      {"no token", tokens, kHere, {{"Host", "127.0.0.1"}}, 401},
      {"the token", tokens, kThere, {{"Authorization", std::string("Bearer ") + kToken}}, 200},
      {"the other token", tokens, kThere, {{"Authorization", "bearer another-token-of-length"}}, 200},
      {"a wrong token", tokens, kThere, {{"Authorization", "Bearer 0123456789abcdeF"}}, 401},
      {"a short token", tokens, kThere, {{"Authorization", "Bearer 0"}}, 401},
      {"an empty token", tokens, kThere, {{"Authorization", "Bearer "}}, 401},
      {"another scheme", tokens, kThere, {{"Authorization", std::string("Basic ") + kToken}}, 401},
      {"a certificate", certificates, kCertified, {}, 200},
      {"a certificate where tokens are asked for", tokens, kCertified, {}, 401},
      {"no certificate", certificates, kThere, {}, 401},
      {"no certificate on loopback", certificates, kHere, {{"Host", "localhost"}}, 401},
  };
  for (const Visitor& row : table) {
    const Gate gate(row.access);
    http::Request request = ApiBench::request("GET", "/v1");
    request.client = row.client;
    request.headers = row.headers;
    const auto refused = gate.refusal(request);
    EXPECT_EQ(refused ? refused->status : 200u, row.status) << row.name;
    EXPECT_EQ(refused && refused->headers.contains("WWW-Authenticate"), row.status == 401) << row.name;
  }
}

TEST(Gate, StandsBeforeAllOfTheApiAndNothingElse) {
  ApiBench bench({.tokens = {kToken}});
  for (const auto& route : bench.router.routes()) {
    std::string path = route.pattern;
    for (char& c : path) c = c == '{' || c == '}' ? 'x' : c;
    http::Request request = ApiBench::request(route.method, path);
    request.client = kThere;
    EXPECT_EQ(bench.router.answer(request).status == 401, path.starts_with("/v1")) << route.method << path;
  }
  http::Request unknown = ApiBench::request("GET", "/v1/secrets");
  unknown.client = kThere;
  EXPECT_EQ(bench.router.answer(unknown).status, 401u) << "what there is is not told to strangers";
  bench.gate.replace({.tokens = {"a-token-after-rotation"}});
  unknown.headers.set("Authorization", "Bearer a-token-after-rotation");
  EXPECT_EQ(bench.router.answer(unknown).status, 404u);
}

TEST(Exposure, NeedsTlsAndSomethingToShow) {
  const auto at = [](const char* address) { return http::Listener{*net::parse_endpoint(address, 0)}; };
  const Access token{.tokens = {kToken}};
  EXPECT_TRUE(check_exposure(at("127.0.0.1:80"), {}));
  EXPECT_TRUE(check_exposure(at("127.9.9.9:80"), {}));
  EXPECT_TRUE(check_exposure(at("[::1]:80"), {}));
  EXPECT_TRUE(check_exposure({http::UnixAddress{"/run/x"}}, {}));
  EXPECT_THAT(check_exposure(at("192.0.2.1:80"), token).error(), HasSubstr("in clear on 192.0.2.1:80"));
  EXPECT_THAT(check_exposure(at("0.0.0.0:80"), token).error(), HasSubstr("in clear"));
  EXPECT_THAT(check_exposure(at("[::]:80"), token).error(), HasSubstr("in clear"));
  EXPECT_THAT(check_exposure(at("127.0.0.1:80"), {.tokens = {"short"}}).error(), HasSubstr("too short"));
}

TEST(Tokens, AreReadFromAFile) {
  const TemporaryDirectory directory;
  const auto good = read_tokens(directory.write("good", "# signaling\n0123456789abcdef\n\nfedcba9876543210\n"));
  ASSERT_TRUE(good) << good.error();
  EXPECT_EQ(good->size(), 2u);
  EXPECT_THAT(read_tokens(directory.write("short", "\n0123\n")).error(), HasSubstr("short:2: a token has at least 16"));
  EXPECT_THAT(read_tokens(directory.write("space", "0123456789 abcdef")).error(), HasSubstr("no spaces"));
  EXPECT_THAT(read_tokens("/nowhere/tokens").error(), HasSubstr("'/nowhere/tokens'"));
}

}  // namespace
}  // namespace penstock::control::api

// TLS listeners: handshakes good and bad, client certificates, certificates that change.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/http_certificates.h"
#include "tests/control/http_fixture.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Router who_router() {
  Router router;
  router.add("GET", "/who", [](const Request& r) {
    return Response{
        .body = fmt::format("{} {}", r.client.carrier == Carrier::tls ? "tls" : "clear", r.client.certificate_subject)};
  });
  router.add("POST", "/echo", [](const Request& r) { return Response{.body = r.body}; });
  return router;
}

class HttpTls : public testing::Test {
 protected:
  TlsFiles files(const Identity& server, bool with_client_ca = false, bool required = false) {
    return {write("server.pem", server.certificate_pem()), write("server.key", server.key_pem()),
            with_client_ca ? ca_file_ : "", required};
  }
  void start(const TlsFiles& files) {
    auto tls = Tls::load(files);
    ASSERT_TRUE(tls) << tls.error();
    tls_ = *tls;
    Limits limits;
    limits.request_timeout = 400ms;
    server_.emplace(Listener{kLoopback, tls_}, who_router(), limits);
  }
  std::string write(const std::string& name, const std::string& text) { return directory_.write(name, text); }
  ClientTls believer() { return {.ca_file = ca_file_}; }
  ClientTls as(const Identity& client) {
    return {ca_file_, write("client.pem", client.certificate_pem()), write("client.key", client.key_pem())};
  }
  tl::expected<Response, std::string> who(const ClientTls& tls) { return send({.url = server_->url("/who")}, 3s, tls); }

  TemporaryDirectory directory_;
  const Identity ca_{"test CA"};
  const std::string ca_file_ = directory_.write("ca.pem", ca_.certificate_pem());
  const Identity identity_{"penstock", &ca_};
  std::shared_ptr<Tls> tls_;
  std::optional<RunningServer> server_;
};

TEST_F(HttpTls, CarriesRequests) {
  start(files(identity_));
  EXPECT_THAT(server_->url(""), testing::StartsWith("https://127.0.0.1:"));
  const auto answer = who(believer());
  ASSERT_TRUE(answer) << answer.error();
  EXPECT_EQ(answer->body, "tls ");
  const std::string large(60'000, 'x');
  const auto echo = send({.method = "POST", .url = server_->url("/echo"), .body = large}, 3s, believer());
  ASSERT_TRUE(echo) << echo.error();
  EXPECT_EQ(echo->body, large);
}

TEST_F(HttpTls, AClientBelievesOnlyItsCa) {
  start(files(identity_));
  const Identity other("other CA");
  EXPECT_FALSE(who({.ca_file = write("other.pem", other.certificate_pem())}));
  EXPECT_FALSE(send({.url = fmt::format("https://127.0.0.2:{}/who", server_->port())}, 1s, believer()));
}

TEST_F(HttpTls, AClientCertificateIsOptionalUnlessRequired) {
  start(files(identity_, true));
  const Identity client("signaling", &ca_);
  const auto named = who(as(client));
  ASSERT_TRUE(named) << named.error();
  EXPECT_EQ(named->body, "tls CN=signaling,O=Example");
  EXPECT_EQ(who(believer())->body, "tls ");
  server_.reset();
  start(files(identity_, true, true));
  EXPECT_EQ(who(as(client))->body, "tls CN=signaling,O=Example");
  EXPECT_FALSE(who(believer()));
}

TEST_F(HttpTls, ACertificateOfAnotherCaIsRefused) {
  start(files(identity_, true));
  const Identity stranger("stranger");
  const Identity client("signaling", &stranger);
  EXPECT_FALSE(who(as(client)));
  EXPECT_TRUE(server_->eventually([&] { return server_->server().counters().handshake_failed == 1; }));
  EXPECT_TRUE(who(believer()));
}

TEST_F(HttpTls, GarbageAndSilenceAreCutOff) {
  start(files(identity_));
  for (const std::string_view bytes :
       {std::string_view("GET /who HTTP/1.1\r\nHost: x\r\n\r\n"), std::string_view("\x16\x03\x01\x40\x00", 5),
        std::string_view("\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9), std::string_view("\x80\x2e\x01\x00\x02", 5)}) {
    RawClient client(server_->port());
    client.say(bytes);
    client.hear(2000ms);
  }
  RawClient silent(server_->port());
  EXPECT_TRUE(silent.closed_within(2s));
  EXPECT_TRUE(server_->eventually([&] { return server_->server().counters().handshake_failed == 5; }));
  EXPECT_EQ(server_->counters().requests, 0U);
  EXPECT_TRUE(who(believer()));
}

TEST_F(HttpTls, ANewCertificateIsTakenByNewConnections) {
  const TlsFiles paths = files(identity_);
  start(paths);
  const Identity new_ca("new CA");
  const Identity renewed("penstock", &new_ca);
  const ClientTls new_believer{.ca_file = write("new_ca.pem", new_ca.certificate_pem())};
  EXPECT_FALSE(who(new_believer));
  files(renewed);
  EXPECT_TRUE(who(believer())) << "not before it is told";
  EXPECT_TRUE(server_->on_its_thread([&] { return tls_->reload().has_value(); }));
  EXPECT_TRUE(who(new_believer));
  EXPECT_FALSE(who(believer()));
}

TEST_F(HttpTls, ABrokenReloadChangesNothing) {
  const TlsFiles paths = files(identity_);
  start(paths);
  const Identity other("other", &ca_);
  write("server.key", other.key_pem());
  const auto reloaded = tls_->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error(), HasSubstr("server.key' "));
  EXPECT_TRUE(who(believer()));
}

TEST_F(HttpTls, AnErrorNamesTheFile) {
  const TlsFiles good = files(identity_, true);
  const auto error = [](TlsFiles files) { return Tls::load(files).error(); };
  TlsFiles bad = good;
  bad.certificate = "/nowhere/cert.pem";
  EXPECT_THAT(error(bad), HasSubstr("'/nowhere/cert.pem' as TLS certificate"));
  bad = good;
  bad.key = write("garbage", "no key");
  EXPECT_THAT(error(bad), HasSubstr("garbage' as TLS key"));
  bad = good;
  bad.client_ca = "/nowhere/ca.pem";
  EXPECT_THAT(error(bad), HasSubstr("'/nowhere/ca.pem' as TLS client CA"));
}

}  // namespace
}  // namespace penstock::control::http

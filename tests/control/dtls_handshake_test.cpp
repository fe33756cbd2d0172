// Whole handshakes over every kind of network, in both roles.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/dtls_bench.h"

namespace penstock::control::dtls::testing {
namespace {

using ::testing::HasSubstr;

/// The exporter's output as our report has it, in RFC 5764's order.
std::vector<std::uint8_t> exported_by(const Report& report, Role role) {
  const srtp::MasterKey& client = role == Role::passive ? report.receive : report.send;
  const srtp::MasterKey& server = role == Role::passive ? report.send : report.receive;
  return joined(client.key_span(), server.key_span(), client.salt_span(), server.salt_span());
}

struct Case {
  const char* name;
  PeerOptions peer;
  srtp::Profile profile;
  Weather weather;
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

class DtlsHandshake : public ::testing::TestWithParam<Case> {};

TEST_P(DtlsHandshake, BothSidesHaveTheSameKeys) {
  const Case& wanted = GetParam();
  const Role role = wanted.peer.server ? Role::active : Role::passive;
  DtlsBench bench;
  OpensslPeer peer(wanted.peer);
  bench.add(peer, role);
  if (role == Role::active) {
    bench.pair_ready();
  } else {
    peer.begin();
  }
  ASSERT_TRUE(bench.shake_hands(peer, wanted.weather)) << peer.error();
  ASSERT_EQ(bench.reports.size(), 1u);
  const Report& report = bench.reports.front();
  EXPECT_EQ(report.endpoint, DtlsBench::endpoint());
  EXPECT_EQ(report.receive.profile, wanted.profile);
  EXPECT_EQ(report.send.profile, wanted.profile);
  EXPECT_EQ("SRTP_" + std::string(srtp::name(wanted.profile)), peer.keys().profile);
  EXPECT_EQ(exported_by(report, role), peer.keys().exported);
  EXPECT_EQ(peer.seen(), bench.certificate().fingerprint());
  EXPECT_TRUE(peer.extended_master_secret());
  EXPECT_EQ(bench.counters.of(Result::secured).get(), 1u);
  EXPECT_EQ(bench.counters.profiles[static_cast<std::size_t>(wanted.profile)].get(), 1u);
}

constexpr auto kGcm128 = srtp::Profile::aead_aes_128_gcm;
constexpr auto kGcm256 = srtp::Profile::aead_aes_256_gcm;
constexpr auto kSha1 = srtp::Profile::aes128_cm_sha1_80;

INSTANTIATE_TEST_SUITE_P(
    Peers, DtlsHandshake,
    ::testing::Values(
        Case{"ChromiumsOrderOfProfilesIsOverruled", {}, kGcm128, {}},
        Case{"Gcm256IsSecondChoice", {.profiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM"}, kGcm256, {}},
        Case{"Sha1Only", {.profiles = "SRTP_AES128_CM_SHA1_80"}, kSha1, {}},
        Case{"UnknownProfilesAreSkipped", {.profiles = "SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80"}, kSha1, {}},
        Case{"Gcm256Cipher", {.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"}, kGcm128, {}},
        Case{"ChaCha20Cipher", {.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"}, kGcm128, {}},
        Case{"RsaCertificateInSmallDatagrams", {.key = "RSA", .mtu = 256}, kGcm128, {}},
        Case{"SmallDatagrams", {.mtu = 231}, kGcm128, {}}, Case{"Loss", {}, kGcm128, {.loss = 0.3}},
        Case{"LossOfSmallDatagrams", {.mtu = 231}, kGcm128, {.loss = 0.2}},
        Case{"Duplicates", {.mtu = 231}, kGcm128, {.duplication = 0.5}},
        Case{"Reordering", {.mtu = 231}, kGcm128, {.reordering = 0.5}},
        Case{"Everything", {.key = "RSA", .mtu = 256}, kGcm128, {.loss = 0.2, .duplication = 0.3, .reordering = 0.3}},
        Case{"WeAreClient", {.server = true}, kSha1, {}},
        Case{"WeAreClientOfRsa", {.server = true, .key = "RSA", .mtu = 256}, kSha1, {}},
        Case{"WeAreClientInBadWeather",
             {.server = true, .mtu = 231},
             kSha1,
             {.loss = 0.2, .duplication = 0.3, .reordering = 0.3}},
        Case{"WeAreClientOfOneWithOurOrder",
             {.server = true, .profiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"},
             kGcm128,
             {}}),
    name_of);

TEST(DtlsFlights, FitTheMtu) {
  DtlsBench bench([] {
    Options options = DtlsBench::quick();
    options.mtu = 300;
    return options;
  }());
  OpensslPeer peer;
  bench.add(peer);
  peer.begin();
  for (const Datagram& datagram : peer.sent) bench.deliver(datagram);
  const auto flight = bench.take_sent();
  EXPECT_GT(flight.size(), 1u);
  for (const Datagram& datagram : flight) EXPECT_LE(datagram.size(), 300u);
}

struct Refusal {
  const char* name;
  PeerOptions peer;
  Result result;
  const char* alert;  ///< that the peer hears
  bool wrong_fingerprint = false;
};

class DtlsRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(DtlsRefusal, IsToldToBothSides) {
  const Refusal& wanted = GetParam();
  DtlsBench bench;
  OpensslPeer peer(wanted.peer);
  Fingerprint vouched = peer.fingerprint();
  if (wanted.wrong_fingerprint) vouched.bytes[31] ^= 1;
  const Role role = wanted.peer.server ? Role::active : Role::passive;
  bench.associations().add({DtlsBench::endpoint(), role, {vouched}}, bench.now());
  role == Role::active ? bench.pair_ready() : peer.begin();
  ASSERT_TRUE(bench.run(peer, [&] { return bench.result() && !peer.error().empty(); }));
  ASSERT_EQ(bench.reports.size(), 1u);
  EXPECT_EQ(bench.result(), wanted.result) << bench.reports.back().detail;
  EXPECT_NE(bench.reports.back().detail, "");
  EXPECT_THAT(peer.error(), HasSubstr(wanted.alert));
  EXPECT_EQ(bench.counters.of(wanted.result).get(), 1u);
  EXPECT_EQ(bench.counters.sessions.get(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Peers, DtlsRefusal,
    ::testing::Values(
        Refusal{"WrongFingerprint", {}, Result::fingerprint_mismatch, "bad certificate", true},
        Refusal{"WrongFingerprintOfServer", {.server = true}, Result::fingerprint_mismatch, "bad certificate", true},
        Refusal{"NoCertificate", {.key = ""}, Result::no_certificate, "handshake failure"},
        Refusal{"NoUseSrtp", {.profiles = ""}, Result::no_common_profile, "handshake failure"},
        Refusal{"NoUseSrtpOfServer", {.server = true, .profiles = ""}, Result::no_common_profile, "handshake failure"},
        Refusal{
            "NoProfileOfOurs", {.profiles = "SRTP_AES128_CM_SHA1_32"}, Result::no_common_profile, "handshake failure"},
        Refusal{"NoForwardSecrecy", {.ciphers = "AES128-GCM-SHA256"}, Result::no_common_cipher, "handshake failure"},
        Refusal{"CbcOnly", {.ciphers = "ECDHE-ECDSA-AES128-SHA"}, Result::no_common_cipher, "handshake failure"},
        Refusal{"Dtls10", {.ciphers = "ALL@SECLEVEL=0", .version = DTLS1_VERSION}, Result::no_common_cipher, "version"},
        Refusal{
            "OurCipherIsRefused", {.server = true, .ciphers = "AES128-GCM-SHA256"}, Result::alert, "no shared cipher"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(DtlsFingerprints, AnyOfTheListWillDo) {
  DtlsBench bench;
  OpensslPeer peer;
  Fingerprint other = peer.fingerprint();
  other.bytes[0] ^= 0x80;
  bench.associations().add({DtlsBench::endpoint(), Role::passive, {other, peer.fingerprint()}}, bench.now());
  peer.begin();
  EXPECT_TRUE(bench.shake_hands(peer)) << peer.error();
}

TEST(DtlsFingerprints, NoneAllowsNobody) {
  DtlsBench bench;
  OpensslPeer peer;
  bench.associations().add({DtlsBench::endpoint(), Role::passive, {}}, bench.now());
  peer.begin();
  ASSERT_TRUE(bench.run(peer, [&] { return bench.result().has_value(); }));
  EXPECT_EQ(bench.result(), Result::fingerprint_mismatch);
  EXPECT_THAT(bench.reports.back().detail, HasSubstr(peer.fingerprint().hex()));
}

}  // namespace
}  // namespace penstock::control::dtls::testing

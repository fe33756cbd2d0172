#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>

#include "control/dtls/certificate.h"
#include "control/dtls/fingerprint.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control::dtls {
namespace {

using testing::HasSubstr;

const std::vector<std::uint8_t> kAbc = {'a', 'b', 'c'};
// FIPS 180-2 appendix B.1.
constexpr char kSha256OfAbc[] =
    "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

TEST(Fingerprints, AreWrittenAsRfc8122Has) {
  const Fingerprint made = fingerprint(FingerprintHash::sha256, kAbc);
  EXPECT_EQ(made.hex(), kSha256OfAbc);
  EXPECT_EQ(made.hash_name(), "sha-256");
}

TEST(Fingerprints, AreReadInAnyCase) {
  std::string lower = kSha256OfAbc;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  EXPECT_EQ(parse_fingerprint("SHA-256", lower), fingerprint(FingerprintHash::sha256, kAbc));
}

TEST(Fingerprints, OfEveryHashMatchTheirCertificate) {
  for (const auto hash :
       {FingerprintHash::sha224, FingerprintHash::sha256, FingerprintHash::sha384, FingerprintHash::sha512}) {
    const Fingerprint made = fingerprint(hash, kAbc);
    const auto read = parse_fingerprint(made.hash_name(), made.hex());
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, made);
    EXPECT_TRUE(matches(std::vector{*read}, kAbc));
    Fingerprint other = *read;
    other.bytes[other.span().size() - 1] ^= 1;
    EXPECT_FALSE(matches(std::vector{other}, kAbc));
  }
  EXPECT_FALSE(matches({}, kAbc));
  EXPECT_FALSE(matches(std::vector{Fingerprint{}}, kAbc));
}

TEST(Fingerprints, OthersAreRefused) {
  for (const char* weak : {"sha-1", "md5", "md2", "", "sha256"}) {
    EXPECT_THAT(parse_fingerprint(weak, kSha256OfAbc).error(), HasSubstr("use sha-256")) << weak;
  }
  const std::string good = kSha256OfAbc;
  for (const std::string& bad : {std::string(), good.substr(3), good + ":00", good + ":", "GA" + good.substr(2),
                                 "BA-" + good.substr(3), good.substr(0, 94) + " "}) {
    EXPECT_THAT(parse_fingerprint("sha-256", bad).error(), HasSubstr("32 bytes")) << bad;
  }
}

TEST(Certificates, OfOursAreNewEachTimeAndValidSinceYesterday) {
  const auto first = Certificate::generate();
  const auto second = Certificate::generate();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->fingerprint(), second->fingerprint());
  EXPECT_EQ(first->fingerprint(), fingerprint(FingerprintHash::sha256, der_of(first->x509())));
  std::time_t hours_ago = std::time(nullptr) - 23 * 3600;
  EXPECT_LT(X509_cmp_time(X509_get0_notBefore(first->x509()), &hours_ago), 0);
  EXPECT_GT(X509_cmp_current_time(X509_get0_notAfter(first->x509())), 0);
  EXPECT_EQ(EVP_PKEY_get_bits(first->key()), 256);
  EXPECT_EQ(X509_verify(first->x509(), first->key()), 1);
}

class CertificateFiles : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path(name); }
  void write(const std::string& name, const Certificate& certificate) {
    std::FILE* file = std::fopen(path(name + ".crt").c_str(), "w");
    PEM_write_X509(file, certificate.x509());
    std::fclose(file);
    write_key(name, certificate.key(), nullptr);
  }
  void write_key(const std::string& name, EVP_PKEY* key, const char* passphrase) {
    std::FILE* file = std::fopen(path(name + ".key").c_str(), "w");
    PEM_write_PrivateKey(file, key, passphrase != nullptr ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr,
                         const_cast<char*>(passphrase));
    std::fclose(file);
  }
  auto load(const std::string& certificate, const std::string& key) {
    return Certificate::load(path(certificate), path(key));
  }

  TemporaryDirectory directory_;
};

TEST_F(CertificateFiles, AreReadAsTheyWereWritten) {
  const Certificate made = Certificate::generate().value();
  write("a", made);
  const auto loaded = load("a.crt", "a.key");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->fingerprint(), made.fingerprint());
}

TEST_F(CertificateFiles, ErrorsNameTheFileAndTheFault) {
  write("a", Certificate::generate().value());
  write("b", Certificate::generate().value());
  std::ofstream(path("junk")) << "junk\n";
  EXPECT_THAT(load("none", "a.key").error(), HasSubstr("cannot open certificate file"));
  EXPECT_THAT(load("a.crt", "none").error(), HasSubstr("No such file"));
  EXPECT_THAT(load("junk", "a.key").error(), HasSubstr("holds no certificate in PEM"));
  EXPECT_THAT(load("a.crt", "a.crt").error(), HasSubstr("holds no private key in PEM"));
  EXPECT_THAT(load("a.crt", "b.key").error(), HasSubstr("is not that of the certificate"));
  EVP_PKEY* weak = EVP_RSA_gen(1024);
  write_key("weak", weak, nullptr);
  EXPECT_THAT(load("a.crt", "weak.key").error(), HasSubstr("neither ECDSA on P-256 nor RSA"));
  write_key("locked", weak, "secret");
  EXPECT_FALSE(load("a.crt", "locked.key"));
  EVP_PKEY_free(weak);
}

}  // namespace
}  // namespace penstock::control::dtls

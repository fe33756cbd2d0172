#include "control/dtls/certificate.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "control/dtls/openssl_error.h"

namespace penstock::control::dtls {
namespace {

constexpr long kDay = 86'400;  // seconds

using KeyPointer = std::shared_ptr<EVP_PKEY>;
using CertificatePointer = std::shared_ptr<X509>;

KeyPointer own(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}
CertificatePointer own(X509* x509) {
  return {x509, X509_free};
}

/// Random, so that two certificates of the same name are never taken for one another.
bool set_serial(X509* x509) {
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> serial(BN_new(), BN_free);
  return serial && BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509)) != nullptr;
}

bool set_name(X509* x509) {
  X509_NAME* name = X509_get_subject_name(x509);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("penstock"), -1,
                                    -1, 0) == 1 &&
         X509_set_issuer_name(x509, name) == 1;
}

bool sign_itself(X509* x509, EVP_PKEY* key) {
  return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) && set_name(x509) &&
         X509_gmtime_adj(X509_getm_notBefore(x509), -kDay) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(x509), 365 * kDay) != nullptr && X509_set_pubkey(x509, key) == 1 &&
         X509_sign(x509, key, EVP_sha256()) > 0;
}

/// Reads one PEM object with `read`; the error is about the file.
template <class Read>
auto read_pem(const std::string& path, const char* what, Read read)
    -> tl::expected<decltype(own(read(nullptr))), std::string> {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return tl::unexpected(fmt::format("cannot open {} file {}: {}", what, path, std::strerror(errno)));
  auto object = own(read(file.get()));
  if (!object) return tl::unexpected(fmt::format("{} holds no {} in PEM: {}", path, what, take_openssl_error()));
  return object;
}

/// Nobody is there to be asked for a passphrase.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

/// What every WebRTC peer can verify (RFC 8827 section 6.5).
bool usable(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) return EVP_PKEY_get_bits(key) >= 2048;
  std::array<char, 32> group{};
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == "prime256v1";
}

}  // namespace

std::vector<std::uint8_t> der_of(const X509* x509) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(x509, &bytes);
  if (size <= 0) return {};
  std::vector<std::uint8_t> der(bytes, bytes + size);
  OPENSSL_free(bytes);
  return der;
}

Certificate::Certificate(CertificatePointer x509, KeyPointer key)
    : x509_(std::move(x509)),
      key_(std::move(key)),
      fingerprint_(dtls::fingerprint(FingerprintHash::sha256, der_of(x509_.get()))) {}

tl::expected<Certificate, std::string> Certificate::generate() {
  KeyPointer key = own(EVP_EC_gen("P-256"));
  CertificatePointer x509 = own(X509_new());
  if (!key || !x509 || !sign_itself(x509.get(), key.get())) {
    return tl::unexpected(fmt::format("cannot make a DTLS certificate: {}", take_openssl_error()));
  }
  return Certificate(std::move(x509), std::move(key));
}

tl::expected<Certificate, std::string> Certificate::load(const std::string& certificate_file,
                                                         const std::string& key_file) {
  auto x509 = read_pem(certificate_file, "certificate",
                       [](std::FILE* file) { return PEM_read_X509(file, nullptr, no_passphrase, nullptr); });
  if (!x509) return tl::unexpected(x509.error());
  auto key = read_pem(key_file, "private key",
                      [](std::FILE* file) { return PEM_read_PrivateKey(file, nullptr, no_passphrase, nullptr); });
  if (!key) return tl::unexpected(key.error());
  if (!usable(key->get())) {
    return tl::unexpected(
        fmt::format("the key in {} is neither ECDSA on P-256 nor RSA of 2048 bits or more", key_file));
  }
  if (X509_check_private_key(x509->get(), key->get()) != 1) {
    take_openssl_error();
    return tl::unexpected(
        fmt::format("the key in {} is not that of the certificate in {}", key_file, certificate_file));
  }
  return Certificate(std::move(*x509), std::move(*key));
}

}  // namespace penstock::control::dtls

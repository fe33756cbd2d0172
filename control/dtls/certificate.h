#pragma once
// The certificate we show in DTLS handshakes. Its fingerprint, told by signaling, is what makes it trusted; names and
// issuers mean nothing (RFC 8827 section 6.5).

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/dtls/fingerprint.h"

typedef struct evp_pkey_st EVP_PKEY;
typedef struct x509_st X509;

namespace penstock::control::dtls {

/// Its DER form; empty only when memory is short.
std::vector<std::uint8_t> der_of(const X509* x509);

/// A certificate with its private key. Copies share both; immutable, so for any thread.
class Certificate {
 public:
  /// A new ECDSA P-256 key and a self-signed certificate, valid from a day ago (clocks differ) for a year. Endpoints of
  /// a long-lived process keep it: validity is not what peers check.
  static tl::expected<Certificate, std::string> generate();
  /// From PEM files: a certificate, and its private key without a passphrase. ECDSA on P-256 or RSA from 2048 bits on.
  /// The error names the file and what is wrong with it.
  static tl::expected<Certificate, std::string> load(const std::string& certificate_file, const std::string& key_file);

  /// SHA-256, for SDP and the API.
  const Fingerprint& fingerprint() const { return fingerprint_; }
  X509* x509() const { return x509_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  Certificate(std::shared_ptr<X509> x509, std::shared_ptr<EVP_PKEY> key);

  std::shared_ptr<X509> x509_;
  std::shared_ptr<EVP_PKEY> key_;
  Fingerprint fingerprint_;
};

}  // namespace penstock::control::dtls

#pragma once
// How all our DTLS sessions are set up: versions, cipher suites, SRTP profiles, certificate.

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "control/dtls/certificate.h"
#include "control/dtls/peer.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;
typedef struct x509_store_ctx_st X509_STORE_CTX;

namespace penstock::control::dtls {

/// One for the sessions of a thread; outlives them.
class Context {
 public:
  /// Judges the peer's certificate (X509_STORE_CTX_get0_cert) in place of chain verification: 1 accepts; 0 refuses with
  /// the alert that belongs to the error set with X509_STORE_CTX_set_error.
  using Judge = int (*)(X509_STORE_CTX*, void*);

  /// `srtp_profiles`: OpenSSL's names with colons between them, the preferred first (RFC 5764 section 4.1.2); empty:
  /// all that we know, the cheapest first.
  static tl::expected<Context, std::string> create(const Certificate& certificate, Judge judge,
                                                   const std::string& srtp_profiles = {});

  /// A new session in our role, whose datagrams carry at most `mtu` bytes; nullptr when memory is short.
  SSL* open(Role role, std::size_t mtu) const;

 private:
  explicit Context(std::shared_ptr<SSL_CTX> context) : context_(std::move(context)) {}
  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace penstock::control::dtls

#include "control/dtls/context.h"

#include <fmt/format.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include "control/dtls/openssl_error.h"

namespace penstock::control::dtls {
namespace {

// Forward secrecy (RFC 8827 section 6.5 asks for it) and AEAD only: every WebRTC peer has the first one, and a goodbye
// stays readable with a key and an IV (farewell.h).
constexpr char kCipherSuites[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char kGroups[] = "X25519:P-256:P-384";
constexpr char kSignatureAlgorithms[] =
    "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384:"
    "ECDSA+SHA512:RSA-PSS+SHA512:RSA+SHA512";
// In the order of cost: as server, OpenSSL walks our list, not the client's (Chromium puts SHA1_80 first).
constexpr char kSrtpProfiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";

// A certificate chain is one small certificate; also bounds what OpenSSL reassembles of fragments.
constexpr long kMostCertificateBytes = 16'384;

constexpr std::uint64_t kOptions = SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                   SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;

bool set_up(SSL_CTX* context, const Certificate& certificate, const char* srtp_profiles) {
  SSL_CTX_set_security_level(context, 2);  // 112 bits: RSA from 2048 on, no SHA-1 signatures
  SSL_CTX_set_options(context, kOptions);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMostCertificateBytes);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCipherSuites) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         SSL_CTX_set1_sigalgs_list(context, kSignatureAlgorithms) == 1 &&
         SSL_CTX_set_tlsext_use_srtp(context, srtp_profiles) == 0 &&  // 0 is success, of this one
         SSL_CTX_use_certificate(context, certificate.x509()) == 1 &&
         SSL_CTX_use_PrivateKey(context, certificate.key()) == 1;
}

}  // namespace

tl::expected<Context, std::string> Context::create(const Certificate& certificate, Judge judge,
                                                   const std::string& srtp_profiles) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(DTLS_method()), SSL_CTX_free);
  if (!context || !set_up(context.get(), certificate, srtp_profiles.empty() ? kSrtpProfiles : srtp_profiles.c_str())) {
    return tl::unexpected(fmt::format("cannot set up DTLS: {}", take_openssl_error()));
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), judge, nullptr);
  return Context(std::move(context));
}

SSL* Context::open(Role role, std::size_t mtu) const {
  SSL* ssl = SSL_new(context_.get());
  if (ssl == nullptr) return nullptr;
  SSL_set_mtu(ssl, static_cast<long>(mtu));
  if (role == Role::passive) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return ssl;
}

}  // namespace penstock::control::dtls

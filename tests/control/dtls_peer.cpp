#include "tests/control/dtls_peer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

#include <string_view>

#include "control/dtls/certificate.h"
#include "control/dtls/datagram_bio.h"

namespace penstock::control::dtls::testing {
namespace {

struct Identity {
  EVP_PKEY* key;
  X509* x509;
};

Identity make_identity(std::string_view kind) {
  EVP_PKEY* key = kind == "RSA" ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  X509* x509 = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(x509), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key);
  X509_sign(x509, key, EVP_sha256());
  return {key, x509};
}

/// Made once: RSA keys are slow to make.
const Identity& identity(std::string_view kind) {
  static const Identity ec = make_identity("EC");
  if (kind == "EC") return ec;
  static const Identity rsa = make_identity("RSA");
  return rsa;
}

unsigned patient(SSL*, unsigned last_us) {
  return last_us == 0 ? 20'000 : 2 * last_us;
}

}  // namespace

struct OpensslPeer::Queue final : DatagramEnds {
  explicit Queue(std::deque<Datagram>& out) : sent(out) {}
  void send(std::span<const std::uint8_t> datagram) override { sent.emplace_back(datagram.begin(), datagram.end()); }
  std::deque<Datagram>& sent;
};

void OpensslPeer::Free::operator()(Queue* queue) const {
  delete queue;
}

OpensslPeer::OpensslPeer(const PeerOptions& options) : queue_(new Queue(sent)), context_(SSL_CTX_new(DTLS_method())) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_min_proto_version(context, options.version);
  SSL_CTX_set_max_proto_version(context, options.version);
  SSL_CTX_set_security_level(context, options.version == DTLS1_2_VERSION ? 2 : 0);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
  SSL_CTX_set_cipher_list(context, options.ciphers);
  if (*options.profiles != 0) SSL_CTX_set_tlsext_use_srtp(context, options.profiles);
  if (*options.key != 0) {
    const Identity& mine = identity(options.key);
    SSL_CTX_use_certificate(context, mine.x509);
    SSL_CTX_use_PrivateKey(context, mine.key);
    fingerprint_ = dtls::fingerprint(FingerprintHash::sha256, der_of(mine.x509));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  ssl_.reset(SSL_new(context));
  SSL_set_mtu(ssl_.get(), options.mtu);
  DTLS_set_timer_cb(ssl_.get(), patient);
  BIO* bio = make_datagram_bio(*queue_);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (options.server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

void OpensslPeer::receive(std::span<const std::uint8_t> datagram) {
  queue_->incoming = datagram;
  drive();
  queue_->incoming = {};
}

void OpensslPeer::drive() {
  ERR_clear_error();
  std::array<char, 2048> unused;
  const int returned = SSL_read(ssl_.get(), unused.data(), static_cast<int>(unused.size()));
  secured_ |= SSL_is_init_finished(ssl_.get()) == 1;
  const int error = SSL_get_error(ssl_.get(), returned);
  closed_ |= error == SSL_ERROR_ZERO_RETURN;
  if (returned <= 0 && error == SSL_ERROR_SSL && error_.empty()) {
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    error_ = reason != nullptr ? reason : "unknown";
  }
  ERR_clear_error();
}

void OpensslPeer::retransmit() {
  DTLSv1_handle_timeout(ssl_.get());
  ERR_clear_error();
}

void OpensslPeer::shut_down() {
  SSL_shutdown(ssl_.get());
}

void OpensslPeer::renegotiate() {
  SSL_renegotiate(ssl_.get());
  SSL_do_handshake(ssl_.get());
}

void OpensslPeer::send_application_data(std::string_view text) {
  SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
}

PeerKeys OpensslPeer::keys() const {
  const SRTP_PROTECTION_PROFILE* selected = SSL_get_selected_srtp_profile(ssl_.get());
  if (selected == nullptr) return {};
  const std::string name = selected->name;
  const std::size_t size = name == "SRTP_AEAD_AES_256_GCM" ? 88 : name == "SRTP_AEAD_AES_128_GCM" ? 56 : 60;
  PeerKeys keys{name, std::vector<std::uint8_t>(size)};
  SSL_export_keying_material(ssl_.get(), keys.exported.data(), size, "EXTRACTOR-dtls_srtp", 19, nullptr, 0, 0);
  return keys;
}

std::optional<Fingerprint> OpensslPeer::seen() const {
  const X509* x509 = SSL_get0_peer_certificate(ssl_.get());
  if (x509 == nullptr) return std::nullopt;
  return dtls::fingerprint(FingerprintHash::sha256, der_of(x509));
}

std::vector<std::uint8_t> joined(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                                 std::span<const std::uint8_t> c, std::span<const std::uint8_t> d) {
  std::vector<std::uint8_t> all;
  for (const auto part : {a, b, c, d}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace penstock::control::dtls::testing

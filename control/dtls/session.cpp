#include "control/dtls/session.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "control/dtls/failure.h"

namespace penstock::control::dtls {
namespace {

constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 section 4.2

std::optional<srtp::Profile> profile_of(SSL* ssl) {
  const SRTP_PROTECTION_PROFILE* selected = SSL_get_selected_srtp_profile(ssl);
  if (selected == nullptr) return std::nullopt;
  return srtp::profile_of_dtls_number(static_cast<std::uint16_t>(selected->id));
}

}  // namespace

void Session::Free::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

Session::Session(const SessionOptions& options, std::span<const Fingerprint> allowed, Send send)
    : options_(options), allowed_(allowed), send_(std::move(send)) {}

Session::~Session() = default;

std::unique_ptr<Session> Session::open(const Context& context, const SessionOptions& options,
                                       std::span<const Fingerprint> allowed, Send send) {
  std::unique_ptr<Session> session(new Session(options, allowed, std::move(send)));
  session->ssl_.reset(context.open(options.role, options.mtu));
  BIO* bio = session->ssl_ ? make_datagram_bio(*session) : nullptr;
  if (bio == nullptr) return nullptr;
  SSL* ssl = session->ssl_.get();
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, session.get());
  DTLS_set_timer_cb(ssl, next_interval);
  return session;
}

unsigned Session::next_interval(SSL* ssl, unsigned last_us) {
  const SessionOptions& options = static_cast<Session*>(SSL_get_app_data(ssl))->options_;
  const std::chrono::microseconds next =
      last_us == 0
          ? options.first_retransmission
          : std::min<std::chrono::microseconds>(std::chrono::microseconds(last_us) * 2, options.last_retransmission);
  return static_cast<unsigned>(next.count());
}

void Session::receive(std::span<const std::uint8_t> datagram) {
  incoming = datagram;
  drive();
  incoming = {};
}

void Session::drive() {
  if (state_ == State::handshaking) shake_hands();
  if (state_ == State::secured) read_after_handshake();
}

void Session::shake_hands() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    state_ = State::secured;
  } else if (SSL_get_error(ssl_.get(), returned) != SSL_ERROR_WANT_READ) {
    fail(returned);
  }
}

void Session::read_after_handshake() {
  // What comes out is of no use here. Going in is what counts: OpenSSL answers a repeated Finished with our last
  // flight.
  std::array<std::uint8_t, 2048> unused;
  int returned = 0;
  do {
    ERR_clear_error();
    returned = SSL_read(ssl_.get(), unused.data(), static_cast<int>(unused.size()));
  } while (returned > 0);
  const int error = SSL_get_error(ssl_.get(), returned);
  if (error == SSL_ERROR_WANT_READ) return;
  const Failure failure = take_failure(error);
  state_ = failure.result == Result::alert ? State::closed : State::spent;
  result_ = Result::closed;
  detail_ = failure.detail;
}

void Session::fail(int returned) {
  const Failure failure = take_failure(SSL_get_error(ssl_.get(), returned));
  state_ = State::failed;
  if (result_ != Result::secured) return;  // refused by judge(), which knows more
  result_ = failure.result;
  detail_ = failure.detail;
}

bool Session::retransmit() {
  ERR_clear_error();
  const auto returned = static_cast<int>(DTLSv1_handle_timeout(ssl_.get()));
  if (returned < 0 && state_ == State::handshaking) {
    fail(returned);
  } else if (returned < 0) {
    state_ = State::spent;
  }
  ERR_clear_error();
  return returned > 0;
}

std::optional<std::chrono::microseconds> Session::until_retransmission() const {
  timeval left{};
  if (DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
  return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

std::optional<SrtpKeys> Session::keys() const {
  const auto profile = profile_of(ssl_.get());
  if (!profile) return std::nullopt;
  std::array<std::uint8_t, 2 * (srtp::kMaxKeyBytes + srtp::kMaxSaltBytes)> exported;
  const auto secret = std::span(exported).first(srtp::exporter_bytes(*profile));
  std::optional<srtp::MasterKeys> cut;
  if (SSL_export_keying_material(ssl_.get(), secret.data(), secret.size(), kExporterLabel.data(), kExporterLabel.size(),
                                 nullptr, 0, 0) == 1) {
    cut = srtp::cut_exporter(*profile, secret);
  }
  srtp::wipe(exported);
  if (!cut) return std::nullopt;
  const bool server = options_.role == Role::passive;
  const SrtpKeys keys = server ? SrtpKeys{cut->client, cut->server} : SrtpKeys{cut->server, cut->client};
  srtp::wipe(cut->client);
  srtp::wipe(cut->server);
  return keys;
}

int Session::judge(X509_STORE_CTX* store, void*) {
  SSL* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<Session*>(SSL_get_app_data(ssl));
  // Known by now in either role, and nothing is worth going on for without it (RFC 5764 section 4.1.1).
  if (!profile_of(ssl)) {
    return session.refuse(store, X509_V_ERR_APPLICATION_VERIFICATION, Result::no_common_profile,
                          "no SRTP profile that both sides speak");
  }
  const auto der = der_of(X509_STORE_CTX_get0_cert(store));
  if (!matches(session.allowed_, der)) {
    return session.refuse(store, X509_V_ERR_CERT_REJECTED, Result::fingerprint_mismatch,
                          fmt::format("it came with sha-256 {}", fingerprint(FingerprintHash::sha256, der).hex()));
  }
  return 1;
}

int Session::refuse(X509_STORE_CTX* store, int error, Result result, std::string detail) {
  X509_STORE_CTX_set_error(store, error);
  result_ = result;
  detail_ = std::move(detail);
  return 0;
}

}  // namespace penstock::control::dtls

#pragma once
// The other side of a handshake: OpenSSL set up as browsers set up theirs, on datagrams in a queue.

#include <openssl/ssl.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/dtls/fingerprint.h"

namespace penstock::control::dtls::testing {

using Datagram = std::vector<std::uint8_t>;

/// The exporter's output and what it belongs to.
struct PeerKeys {
  std::string profile;
  std::vector<std::uint8_t> exported;

  friend bool operator==(const PeerKeys&, const PeerKeys&) = default;
};

struct PeerOptions {
  bool server = false;
  const char* key = "EC";  ///< "EC" (P-256), "RSA" (2048 bits), "" for no certificate
  const char* profiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM";  ///< Chromium's order
  const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
  long mtu = 1200;
  int version = DTLS1_2_VERSION;
};

class OpensslPeer {
 public:
  explicit OpensslPeer(const PeerOptions& options = {});
  OpensslPeer(const OpensslPeer&) = delete;
  OpensslPeer& operator=(const OpensslPeer&) = delete;

  /// As client: sends the first flight.
  void begin() { drive(); }
  void receive(std::span<const std::uint8_t> datagram);
  /// Sends the last flight again if it is time (20 ms at first, doubling).
  void retransmit();
  /// Says close_notify.
  void shut_down();
  /// Asks for another handshake on the same association.
  void renegotiate();
  void send_application_data(std::string_view text);

  bool secured() const { return secured_; }
  bool closed() const { return closed_; }
  const std::string& error() const { return error_; }  ///< of a handshake that failed
  const Fingerprint& fingerprint() const { return fingerprint_; }
  PeerKeys keys() const;
  /// RFC 7627.
  bool extended_master_secret() const { return SSL_get_extms_support(ssl_.get()) == 1; }
  /// Of the certificate that the other side showed.
  std::optional<Fingerprint> seen() const;

  std::deque<Datagram> sent;  ///< what it sent and nobody took yet

 private:
  struct Queue;
  void drive();

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(Queue* queue) const;
  };
  std::unique_ptr<Queue, Free> queue_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  Fingerprint fingerprint_;
  bool secured_ = false, closed_ = false;
  std::string error_;
};

/// What `exported` of a peer must be, made of our halves.
std::vector<std::uint8_t> joined(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                                 std::span<const std::uint8_t> c, std::span<const std::uint8_t> d);

}  // namespace penstock::control::dtls::testing

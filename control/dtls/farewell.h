#pragma once
// What remains of an association once its OpenSSL session is freed: enough to recognise the alert by which the peer
// leaves, so that a closed browser tab is noticed at once and not after half a minute of silence.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "control/dtls/peer.h"

typedef struct ssl_st SSL;
typedef struct evp_cipher_st EVP_CIPHER;

namespace penstock::control::dtls {

/// The peer's write key and IV (RFC 5246 section 6.3), wiped at the end.
class Farewell {
 public:
  Farewell() = default;
  /// Of a session whose handshake is done, in our role. When the key cannot be had, nothing is ever recognised.
  Farewell(const SSL* ssl, Role role);
  ~Farewell();
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  Farewell(Farewell&&) noexcept;
  Farewell& operator=(Farewell&&) noexcept;

  /// The description of an authentic alert in `datagram` that ends the association: close_notify, or any fatal one
  /// (RFC 5246 section 7.2).
  std::optional<std::uint8_t> read(std::span<const std::uint8_t> datagram) const;

 private:
  const EVP_CIPHER* cipher_ = nullptr;  ///< AES-GCM or ChaCha20-Poly1305; OpenSSL's own, never freed
  std::array<std::uint8_t, 32> key_{};
  std::array<std::uint8_t, 12> iv_{};  ///< GCM: 4 bytes; the other 8 come with each record
};

}  // namespace penstock::control::dtls

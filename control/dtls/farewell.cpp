#include "control/dtls/farewell.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "control/dtls/record.h"

namespace penstock::control::dtls {
namespace {

constexpr std::size_t kMostKeyBytes = 32;
constexpr std::size_t kMostIvBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kAlertBytes = 2;          // level, description
constexpr std::size_t kExplicitNonceBytes = 8;  // of AES-GCM (RFC 5288 section 3)
constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kCloseNotify = 0;
constexpr std::size_t kRandomBytes = SSL3_RANDOM_SIZE;

struct Suite {
  const EVP_CIPHER* cipher;
  std::size_t key_bytes, fixed_iv_bytes;
};

Suite suite_of(const SSL* ssl) {
  switch (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl))) {
    case NID_aes_128_gcm:
      return {EVP_aes_128_gcm(), 16, 4};
    case NID_aes_256_gcm:
      return {EVP_aes_256_gcm(), 32, 4};
    case NID_chacha20_poly1305:
      return {EVP_chacha20_poly1305(), 32, 12};
    default:
      return {};
  }
}

/// PRF(master secret, "key expansion", server random + client random) of RFC 5246 section 6.3.
bool expand_keys(const SSL* ssl, std::span<std::uint8_t> out) {
  std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master{};
  std::array<std::uint8_t, 2 * kRandomBytes> randoms{};
  std::size_t size = SSL_SESSION_get_master_key(SSL_get_session(ssl), master.data(), master.size());
  SSL_get_server_random(ssl, randoms.data(), kRandomBytes);
  SSL_get_client_random(ssl, randoms.data() + kRandomBytes, kRandomBytes);
  const EVP_MD* digest = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
  const std::unique_ptr<EVP_KDF, void (*)(EVP_KDF*)> prf(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, void (*)(EVP_KDF_CTX*)> context(EVP_KDF_CTX_new(prf.get()), EVP_KDF_CTX_free);
  bool good = size > 0 && digest != nullptr && context != nullptr;
  if (good) {
    char label[] = "key expansion";
    const std::array<OSSL_PARAM, 5> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(EVP_MD_get0_name(digest)), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(), size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label, sizeof label - 1),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, randoms.data(), randoms.size()),
        OSSL_PARAM_construct_end(),
    };
    good = EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
  }
  OPENSSL_cleanse(master.data(), master.size());
  return good;
}

/// What an AEAD record is decrypted with (RFC 6347 section 4.1.2.1).
struct Sealed {
  std::array<std::uint8_t, 12> nonce{};
  std::array<std::uint8_t, kRecordHeaderBytes> additional{};
  std::span<const std::uint8_t> text, tag;
};

/// Nothing when the record is not as long as an alert.
std::optional<Sealed> sealed_alert(const Record& record, std::span<const std::uint8_t, 12> iv, bool explicit_nonce) {
  const std::size_t nonce_bytes = explicit_nonce ? kExplicitNonceBytes : 0;
  if (record.fragment.size() != nonce_bytes + kAlertBytes + kTagBytes) return std::nullopt;
  Sealed sealed;
  std::ranges::copy(iv, sealed.nonce.begin());
  if (explicit_nonce) {
    std::copy_n(record.fragment.begin(), kExplicitNonceBytes, sealed.nonce.begin() + 4);
  } else {
    for (std::size_t i = 0; i < 8; ++i) sealed.nonce[4 + i] ^= record.epoch_and_number[i];  // RFC 7905 section 2
  }
  std::ranges::copy(record.epoch_and_number, sealed.additional.begin());
  sealed.additional[8] = static_cast<std::uint8_t>(record.type);
  sealed.additional[9] = record.version[0];
  sealed.additional[10] = record.version[1];
  sealed.additional[12] = kAlertBytes;
  sealed.text = record.fragment.subspan(nonce_bytes, kAlertBytes);
  sealed.tag = record.fragment.last(kTagBytes);
  return sealed;
}

using Alert = std::array<std::uint8_t, kAlertBytes>;

std::optional<Alert> open(const Sealed& sealed, const EVP_CIPHER* cipher, std::span<const std::uint8_t> key) {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::array<std::uint8_t, kTagBytes> tag{};
  std::ranges::copy(sealed.tag, tag.begin());
  Alert alert{};
  int size = 0;
  const bool authentic =
      context != nullptr && EVP_DecryptInit_ex(context.get(), cipher, nullptr, key.data(), sealed.nonce.data()) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, sealed.additional.data(), kRecordHeaderBytes) == 1 &&
      EVP_DecryptUpdate(context.get(), alert.data(), &size, sealed.text.data(), kAlertBytes) == 1 &&
      EVP_DecryptFinal_ex(context.get(), alert.data() + size, &size) == 1;
  if (!authentic) return std::nullopt;
  return alert;
}

}  // namespace

Farewell::Farewell(const SSL* ssl, Role role) {
  const Suite suite = suite_of(ssl);
  if (suite.cipher == nullptr) return;
  // client_write_key, server_write_key, client_write_IV, server_write_IV; AEAD suites have no MAC keys.
  std::array<std::uint8_t, 2 * (kMostKeyBytes + kMostIvBytes)> block{};
  const std::size_t size = 2 * (suite.key_bytes + suite.fixed_iv_bytes);
  if (expand_keys(ssl, std::span(block).first(size))) {
    const std::size_t second = role == Role::active ? 1 : 0;  // the peer is the server
    std::copy_n(block.begin() + second * suite.key_bytes, suite.key_bytes, key_.begin());
    std::copy_n(block.begin() + 2 * suite.key_bytes + second * suite.fixed_iv_bytes, suite.fixed_iv_bytes, iv_.begin());
    cipher_ = suite.cipher;
  }
  OPENSSL_cleanse(block.data(), block.size());
}

Farewell::~Farewell() {
  OPENSSL_cleanse(key_.data(), key_.size());
  OPENSSL_cleanse(iv_.data(), iv_.size());
}

Farewell::Farewell(Farewell&& from) noexcept
    : cipher_(std::exchange(from.cipher_, nullptr)), key_(from.key_), iv_(from.iv_) {}

Farewell& Farewell::operator=(Farewell&& from) noexcept {
  cipher_ = std::exchange(from.cipher_, nullptr);
  key_ = from.key_;
  iv_ = from.iv_;
  return *this;
}

std::optional<std::uint8_t> Farewell::read(std::span<const std::uint8_t> datagram) const {
  if (cipher_ == nullptr) return std::nullopt;
  while (const auto record = take_record(datagram)) {
    if (record->type != ContentType::alert || record->epoch != 1) continue;
    const auto sealed = sealed_alert(*record, iv_, EVP_CIPHER_get_nid(cipher_) != NID_chacha20_poly1305);
    if (!sealed) continue;
    const auto alert = open(*sealed, cipher_, key_);
    if (alert && ((*alert)[0] == kFatal || (*alert)[1] == kCloseNotify)) return (*alert)[1];
  }
  return std::nullopt;
}

}  // namespace penstock::control::dtls

#pragma once
// The hashes STUN authenticates with, for use on a worker: no allocation, no lock, no shared state.
//
// DESIGN decision 10 forbids OpenSSL on a worker because EVP allocates and HMAC() spends most of its time on set-up.
// What is used here satisfies its reason: libcrypto's bare block functions (SHA1_Update and kin), which only touch a
// context on the caller's stack, and keys that hold the state after the inner and the outer pad, so that a key costs
// two blocks once instead of two blocks and an EVP fetch per message.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "dataplane/stun/bytes.h"

namespace penstock::stun {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

/// Hash of the parts one after the other: `md5({user, colon, realm})` needs no joined copy.
Md5Digest md5(std::initializer_list<Bytes> parts);
Sha1Digest sha1(std::initializer_list<Bytes> parts);
Sha256Digest sha256(std::initializer_list<Bytes> parts);

/// A key for HMAC-SHA1 (RFC 2104): the chaining values after the inner and the outer pad. Plain data, 40 bytes; the key
/// itself is not kept. Default-constructed, or made from zero bytes, it holds no key, and whoever verifies or signs
/// with it is refused: an HMAC under the empty key is one that anybody can compute.
class HmacSha1 {
 public:
  HmacSha1() = default;
  /// Any length but zero; keys above 64 bytes are hashed first (RFC 2104 section 2).
  explicit HmacSha1(Bytes key);

  bool has_key() const { return inner_ != State{}; }
  Sha1Digest mac(Bytes message) const { return mac({message}); }
  /// MAC of the parts one after the other, so that a header with a patched length needs no copy of the message.
  Sha1Digest mac(std::initializer_list<Bytes> parts) const;

 private:
  using State = std::array<std::uint32_t, 5>;
  State inner_{};
  State outer_{};
};
static_assert(sizeof(HmacSha1) == 40);

/// A key for HMAC-SHA256; otherwise as HmacSha1. 64 bytes.
class HmacSha256 {
 public:
  HmacSha256() = default;
  explicit HmacSha256(Bytes key);

  bool has_key() const { return inner_ != State{}; }
  Sha256Digest mac(Bytes message) const { return mac({message}); }
  Sha256Digest mac(std::initializer_list<Bytes> parts) const;

 private:
  using State = std::array<std::uint32_t, 8>;
  State inner_{};
  State outer_{};
};
static_assert(sizeof(HmacSha256) == 64);

/// Compares in a time that depends on the lengths only. Spans of different length are unequal.
bool equal_in_constant_time(Bytes a, Bytes b);

}  // namespace penstock::stun

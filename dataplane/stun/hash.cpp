// The low-level functions are deprecated in OpenSSL 3 in favour of EVP, which allocates per use; hash.h says why we
// stay.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "dataplane/stun/hash.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>

namespace penstock::stun {
namespace {

constexpr std::size_t kBlockBytes = 64;  // of MD5, SHA-1 and SHA-256 alike
constexpr std::uint8_t kInnerPad = 0x36;
constexpr std::uint8_t kOuterPad = 0x5c;

// Each algorithm: its context, its functions, and how to take out and put back the chaining value after one block.

struct Md5 {
  using Context = MD5_CTX;
  using Digest = Md5Digest;
  static void init(Context& c) { MD5_Init(&c); }
  static void update(Context& c, Bytes part) { MD5_Update(&c, part.data(), part.size()); }
  static void final(Context& c, Digest& digest) { MD5_Final(digest.data(), &c); }
};

struct Sha1 {
  using Context = SHA_CTX;
  using Digest = Sha1Digest;
  using State = std::array<std::uint32_t, 5>;
  static void init(Context& c) { SHA1_Init(&c); }
  static void update(Context& c, Bytes part) { SHA1_Update(&c, part.data(), part.size()); }
  static void final(Context& c, Digest& digest) { SHA1_Final(digest.data(), &c); }
  static State save(const Context& c) { return {c.h0, c.h1, c.h2, c.h3, c.h4}; }
  static void restore(Context& c, const State& state) {
    c.h0 = state[0];
    c.h1 = state[1];
    c.h2 = state[2];
    c.h3 = state[3];
    c.h4 = state[4];
  }
};

struct Sha256 {
  using Context = SHA256_CTX;
  using Digest = Sha256Digest;
  using State = std::array<std::uint32_t, 8>;
  static void init(Context& c) { SHA256_Init(&c); }
  static void update(Context& c, Bytes part) { SHA256_Update(&c, part.data(), part.size()); }
  static void final(Context& c, Digest& digest) { SHA256_Final(digest.data(), &c); }
  static State save(const Context& c) {
    State state;
    std::copy_n(c.h, state.size(), state.begin());
    return state;
  }
  static void restore(Context& c, const State& state) {
    std::copy(state.begin(), state.end(), c.h);
    c.md_len = SHA256_DIGEST_LENGTH;
  }
};

template <class Hash>
typename Hash::Digest digest_of(std::initializer_list<Bytes> parts) {
  typename Hash::Context context;
  Hash::init(context);
  for (Bytes part : parts) Hash::update(context, part);
  typename Hash::Digest digest;
  Hash::final(context, digest);
  return digest;
}

/// The chaining value after one block of `key` under `pad` (RFC 2104 section 2). `key` is at most a block long.
template <class Hash>
typename Hash::State state_after_pad(Bytes key, std::uint8_t pad) {
  std::array<std::uint8_t, kBlockBytes> block;
  block.fill(pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  typename Hash::Context context;
  Hash::init(context);
  Hash::update(context, block);
  const auto state = Hash::save(context);
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(&context, sizeof context);
  return state;
}

template <class Hash>
void resume(typename Hash::Context& context, const typename Hash::State& after_one_block) {
  Hash::restore(context, after_one_block);
  context.Nl = kBlockBytes * 8;  // bits hashed so far
  context.Nh = 0;
  context.num = 0;  // bytes waiting in the context's own block buffer, which thus needs no initialising
}

template <class Hash>
typename Hash::Digest hmac(const typename Hash::State& inner, const typename Hash::State& outer,
                           std::initializer_list<Bytes> parts) {
  typename Hash::Context context;
  typename Hash::Digest digest;
  resume<Hash>(context, inner);
  for (Bytes part : parts) Hash::update(context, part);
  Hash::final(context, digest);
  resume<Hash>(context, outer);
  Hash::update(context, digest);
  Hash::final(context, digest);
  return digest;
}

}  // namespace

Md5Digest md5(std::initializer_list<Bytes> parts) {
  return digest_of<Md5>(parts);
}
Sha1Digest sha1(std::initializer_list<Bytes> parts) {
  return digest_of<Sha1>(parts);
}
Sha256Digest sha256(std::initializer_list<Bytes> parts) {
  return digest_of<Sha256>(parts);
}

HmacSha1::HmacSha1(Bytes key) {
  if (key.empty()) return;
  Sha1Digest short_key;
  if (key.size() > kBlockBytes) key = short_key = sha1({key});
  inner_ = state_after_pad<Sha1>(key, kInnerPad);
  outer_ = state_after_pad<Sha1>(key, kOuterPad);
}

Sha1Digest HmacSha1::mac(std::initializer_list<Bytes> parts) const {
  return hmac<Sha1>(inner_, outer_, parts);
}

HmacSha256::HmacSha256(Bytes key) {
  if (key.empty()) return;
  Sha256Digest short_key;
  if (key.size() > kBlockBytes) key = short_key = sha256({key});
  inner_ = state_after_pad<Sha256>(key, kInnerPad);
  outer_ = state_after_pad<Sha256>(key, kOuterPad);
}

Sha256Digest HmacSha256::mac(std::initializer_list<Bytes> parts) const {
  return hmac<Sha256>(inner_, outer_, parts);
}

bool equal_in_constant_time(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace penstock::stun

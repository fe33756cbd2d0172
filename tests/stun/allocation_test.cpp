// The codec promises not to allocate, its hashes included (hash.h). Here every way to the heap is counted.

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <array>
#include <cstdlib>
#include <new>
#include <vector>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/integrity.h"
#include "dataplane/stun/long_term_key.h"
#include "tests/stun/hex.h"
#include "tests/stun/vectors.h"

namespace {

std::size_t allocations = 0;

void* counted_malloc(std::size_t bytes, const char*, int) {
  ++allocations;
  return std::malloc(bytes);
}
void* counted_realloc(void* old, std::size_t bytes, const char*, int) {
  ++allocations;
  return std::realloc(old, bytes);
}
void plain_free(void* p, const char*, int) {
  std::free(p);
}

}  // namespace

// Not inlined, or GCC sees malloc meet delete and warns.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace penstock::stun {
namespace {

/// An authenticated Allocate from first byte to signed answer, with key derivation and both kinds of integrity.
void serve(Bytes request_bytes, std::span<std::uint8_t> out) {
  const auto request = MessageView::parse(request_bytes);
  const auto derived = long_term_key(PasswordAlgorithm::sha256, testing::kMatrixUser, *realm(*request), "TheMatrIX");
  const HmacSha1 sha1_key(derived.bytes());
  const HmacSha256 sha256_key(derived.bytes());
  ASSERT_EQ(verify_integrity_sha256(*request, sha256_key), Verdict::valid);
  const auto size = MessageBuilder::success(out, *request)
                        .xor_mapped_address({net::Address::v4(0xc0000201), 3478})
                        .message_integrity(sha1_key)
                        .message_integrity_sha256(sha256_key)
                        .fingerprint()
                        .finish();
  ASSERT_TRUE(size);
  const auto answer = MessageView::parse(out.first(*size));
  ASSERT_EQ(verify_integrity(*answer, sha1_key), Verdict::valid);
  ASSERT_EQ(verify_fingerprint(*answer), Verdict::valid);
}

TEST(Allocation, NoneFromParseToSignedAnswer) {
  // libcrypto takes these only before its first allocation, which is why this test is a program of its own.
  ASSERT_EQ(CRYPTO_set_mem_functions(counted_malloc, counted_realloc, plain_free), 1);
  const auto request = testing::hex(testing::kSha256Request);
  std::array<std::uint8_t, 300> out;
  allocations = 0;
  serve(request, out);
  EXPECT_EQ(allocations, 0u);
  // The counters do count.
  OPENSSL_free(OPENSSL_malloc(1));
  EXPECT_EQ(allocations, 1u);
  ::operator delete(::operator new(1));  // unlike a new-expression, never elided
  EXPECT_EQ(allocations, 2u);
}

}  // namespace
}  // namespace penstock::stun

// The batch cipher promises a worker not to allocate, not even when keys come and go. Every `new` is counted. (ipsec-mb
// itself allocates in alloc_mb_mgr() alone.)

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>

#include "dataplane/srtp/cipher.h"

namespace {

std::size_t allocations = 0;

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

namespace penstock::srtp {
namespace {

constexpr Profile kProfiles[] = {Profile::aes128_cm_sha1_80, Profile::aead_aes_128_gcm, Profile::aead_aes_256_gcm};

/// Keys in, a batch there and back, a report there and back, keys out. True when all of it worked.
bool live_once(Cipher& cipher, std::uint64_t index) {
  static std::array<std::array<std::uint8_t, 256>, 3> out;
  static std::array<std::array<std::uint8_t, 256>, 3> plain;
  static constexpr std::array<std::uint8_t, 100> kPayload{};
  std::array<ProtectJob, 3> jobs;
  std::array<UnprotectJob, 3> back;
  bool good = true;
  for (ContextId id = 0; id < 3; ++id) {
    cipher.install(id, MasterKey{.profile = kProfiles[id], .key = {1}, .salt = {2}});
    out[id].fill(0);
    out[id][0] = 0x80;
    jobs[id] = {.context = id,
                .header_size = 12,
                .packet_index = index,
                .out = out[id],
                .prefix = std::span(kPayload).first(3),
                .payload = kPayload};
  }
  cipher.protect(jobs);
  for (ContextId id = 0; id < 3; ++id) {
    back[id] = {.context = id,
                .header_size = 12,
                .packet_index = index,
                .packet = std::span(out[id]).first(jobs[id].size),
                .out = plain[id]};
  }
  cipher.unprotect(back);
  for (ContextId id = 0; id < 3; ++id) {
    good = good && back[id].result == Result::ok && back[id].size == kPayload.size() + 3;
    const ProtectedRtcp sent = cipher.protect_rtcp(id, out[id], 64);
    good = good && cipher.unprotect_rtcp(id, std::span(out[id]).first(sent.size)).result == Result::ok;
    cipher.remove(id);
  }
  return good;
}

TEST(Allocation, NothingAfterTheCipherIsMade) {
  const auto cipher = std::move(make_cipher(Kind::ipsec_mb, 3).value());
  const std::size_t before = allocations;
  bool good = true;
  for (std::uint64_t index = 0; index < 100; ++index) good = good && live_once(*cipher, index);
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace penstock::srtp

#include "dataplane/net/wide_sum.h"

#include <cstddef>

#include "dataplane/net/checksum.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace penstock::net {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Sum = std::uint16_t (*)(Bytes);

std::uint16_t sum_by_any(Bytes bytes) {
  return fold(ones_sum(bytes));
}

#ifdef __x86_64__
// Both halves of every 64-bit word into lanes of their own, so that nothing carries.
[[gnu::target("avx2")]] std::uint16_t sum_by_avx2(Bytes bytes) {
  constexpr std::size_t kBlock = 32;
  const __m256i mask = _mm256_set1_epi64x(0xffffffff);
  __m256i low = _mm256_setzero_si256();
  __m256i high = low;
  for (; bytes.size() >= kBlock; bytes = bytes.subspan(kBlock)) {
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes.data()));
    low = _mm256_add_epi64(low, _mm256_and_si256(words, mask));
    high = _mm256_add_epi64(high, _mm256_srli_epi64(words, 32));
  }
  alignas(32) std::uint64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), _mm256_add_epi64(low, high));
  // The rest starts at an even offset, so its words lie as the others do.
  return fold(lanes[0] + lanes[1] + lanes[2] + lanes[3] + ones_sum(bytes));
}
#endif

Sum choose() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return sum_by_avx2;
#endif
  return sum_by_any;
}

}  // namespace

std::uint16_t wide_sum(Bytes bytes) {
  static const Sum kSum = choose();
  return kSum(bytes);
}

}  // namespace penstock::net

// What SRTP costs per packet, in batches of 32, beside ipsec-mb's bare calls on the same buffers: the difference is
// ours (jobs, checks, initial vectors, fetching keys). Arguments: payload bytes, keys. The column per_packet tells.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/net/lazy_array.h"
#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/ipsec_mb/counter_mode.h"
#include "dataplane/srtp/ipsec_mb/gcm.h"
#include "dataplane/srtp/ipsec_mb/manager.h"

namespace penstock::srtp {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kHeader = 12 + 16;  // with four extensions of one byte and padding, as a forwarded packet has
constexpr std::size_t kStride = 1536;     // a packet's place

MasterKey master_key(Profile profile, std::size_t number) {
  MasterKey key{.profile = profile, .key = {}, .salt = {}};
  key.key.fill(static_cast<std::uint8_t>(number));
  net::store_be32(key.salt.data(), static_cast<std::uint32_t>(number));
  return key;
}

/// Keys, and a packet for each of them, visited in an order that no prefetcher guesses.
struct Fixture {
  std::size_t payload_bytes;
  std::size_t keys;
  std::vector<std::uint32_t> order = std::vector<std::uint32_t>(keys);
  std::vector<std::uint8_t> payload = std::vector<std::uint8_t>(payload_bytes, 0x5a);
  net::LazyArray<std::array<std::uint8_t, kStride>> packets{std::max(keys, kBatch), net::Touched::at_start};
  std::vector<std::uint8_t> out = std::vector<std::uint8_t>(kBatch * kStride);
  std::size_t turn = 0;

  explicit Fixture(const benchmark::State& state)
      : payload_bytes(static_cast<std::size_t>(state.range(0))), keys(static_cast<std::size_t>(state.range(1))) {
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    for (std::size_t i = 0; i < packets.size(); ++i) write_header(packets[i].data());
    for (std::size_t i = 0; i < kBatch; ++i) write_header(&out[i * kStride]);
  }
  static void write_header(std::uint8_t* at) {
    at[0] = 0x90;
    at[1] = 96;
    net::store_be32(at + 8, 0xcafe);
    net::store_be16(at + 12, 0xbede);
    net::store_be16(at + 14, 3);
  }
  std::uint32_t next_key() { return order[turn++ % keys]; }
  /// A packet of its own for each job of a batch, even when they all have one key.
  std::size_t packet_for(std::uint32_t key, std::size_t job) const { return keys == 1 ? job : key; }
  std::uint8_t* out_at(std::size_t i) { return &out[i * kStride]; }
};

void report(benchmark::State& state) {
  using benchmark::Counter;
  state.counters["per_packet"] = Counter(kBatch, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

std::unique_ptr<Cipher> cipher_with_keys(Kind kind, Profile profile, std::size_t keys) {
  auto cipher = std::move(make_cipher(kind, keys).value());
  for (std::size_t i = 0; i < keys; ++i) cipher->install(static_cast<ContextId>(i), master_key(profile, i));
  return cipher;
}

void protect(benchmark::State& state, Kind kind, Profile profile, std::size_t prefix_bytes) {
  Fixture fixture(state);
  const auto cipher = cipher_with_keys(kind, profile, fixture.keys);
  const std::span<const std::uint8_t> plain(fixture.payload);
  std::array<ProtectJob, kBatch> jobs;
  std::uint64_t index = 0;
  for (auto _ : state) {
    ++index;
    for (std::size_t i = 0; i < kBatch; ++i) {
      jobs[i] = {.context = fixture.next_key(),
                 .header_size = kHeader,
                 .packet_index = index,
                 .out = {fixture.out_at(i), kStride},
                 .prefix = plain.first(prefix_bytes),
                 .payload = plain.subspan(prefix_bytes)};
    }
    cipher->protect(jobs);
    if (jobs[kBatch - 1].result != Result::ok) state.SkipWithError("protect");
  }
  report(state);
}

void unprotect(benchmark::State& state, Kind kind, Profile profile) {
  Fixture fixture(state);
  const auto sender = cipher_with_keys(kind, profile, fixture.keys);
  const auto receiver = cipher_with_keys(kind, profile, fixture.keys);
  const std::size_t size = kHeader + fixture.payload_bytes + tag_bytes(profile);
  for (std::size_t i = 0; i < fixture.packets.size(); ++i) {
    ProtectJob job{.context = static_cast<ContextId>(i % fixture.keys),
                   .header_size = kHeader,
                   .packet_index = 1,
                   .out = fixture.packets[i],
                   .prefix = {},
                   .payload = fixture.payload};
    sender->protect({&job, 1});
  }
  std::array<UnprotectJob, kBatch> jobs;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::uint32_t key = fixture.next_key();
      jobs[i] = {.context = key,
                 .header_size = kHeader,
                 .packet_index = 1,
                 .packet = std::span(fixture.packets[fixture.packet_for(key, i)]).first(size),
                 .out = {fixture.out_at(i), kStride}};
    }
    receiver->unprotect(jobs);
    if (jobs[kBatch - 1].result != Result::ok) state.SkipWithError("unprotect");
  }
  report(state);
}

// The bare calls, with expanded keys and ready initial vectors.

void bare_gcm(benchmark::State& state, Profile profile, bool sealing) {
  Fixture fixture(state);
  const ipsec_mb::Manager manager = std::move(ipsec_mb::make_manager().value());
  const ipsec_mb::Gcm gcm(*manager.functions, profile);
  const auto decrypt =
      profile == Profile::aead_aes_256_gcm ? manager.functions->gcm256_dec : manager.functions->gcm128_dec;
  const auto encrypt =
      profile == Profile::aead_aes_256_gcm ? manager.functions->gcm256_enc : manager.functions->gcm128_enc;
  struct alignas(64) Key {
    gcm_key_data data;
  };
  net::LazyArray<Key> keys(fixture.keys);
  for (std::size_t i = 0; i < fixture.keys; ++i) gcm.expand(master_key(profile, i).key.data(), keys[i].data);
  std::array<std::uint8_t, 12> iv{};
  std::array<std::uint8_t, 16> tag;
  gcm_context_data work;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::uint32_t key = fixture.next_key();
      std::uint8_t* out = fixture.out_at(i);
      if (sealing) {
        encrypt(&keys[key].data, &work, out + kHeader, fixture.payload.data(), fixture.payload_bytes, iv.data(), out,
                kHeader, out + kHeader + fixture.payload_bytes, 16);
      } else {
        const std::uint8_t* packet = fixture.packets[fixture.packet_for(key, i)].data();
        decrypt(&keys[key].data, &work, out, packet + kHeader, fixture.payload_bytes, iv.data(), packet, kHeader,
                tag.data(), 16);
      }
    }
  }
  report(state);
}

void bare_counter_mode(benchmark::State& state, bool sealing) {
  Fixture fixture(state);
  const ipsec_mb::Manager manager = std::move(ipsec_mb::make_manager().value());
  net::LazyArray<ipsec_mb::CounterModeKey> keys(fixture.keys);
  for (std::size_t i = 0; i < fixture.keys; ++i) {
    const MasterKey raw = master_key(Profile::aes128_cm_sha1_80, i);
    keys[i] = ipsec_mb::expand_counter_mode(*manager.functions, std::span(raw.key).first<16>(),
                                            std::span(raw.key).first<20>());
  }
  std::array<ipsec_mb::Lane, kBatch> lanes{};
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::uint32_t key = fixture.next_key();
      std::uint8_t* out = fixture.out_at(i);
      std::uint8_t* packet = sealing ? out : fixture.packets[fixture.packet_for(key, i)].data();
      ipsec_mb::start(*manager.functions, sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT,
                      {&keys[key], packet, sealing ? packet + kHeader : out, kHeader, fixture.payload_bytes,
                       kHeader + fixture.payload_bytes + 4},
                      lanes[i]);
    }
    ipsec_mb::finish(*manager.functions);
  }
  report(state);
}

void sizes_and_keys(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{100, 1200}, {1, 8192}});
}

constexpr auto kCm = Profile::aes128_cm_sha1_80;
constexpr auto kGcm128 = Profile::aead_aes_128_gcm;
constexpr auto kGcm256 = Profile::aead_aes_256_gcm;

BENCHMARK_CAPTURE(bare_gcm, gcm128_seal, kGcm128, true)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(protect, gcm128, Kind::ipsec_mb, kGcm128, 0)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(protect, gcm128_prefix, Kind::ipsec_mb, kGcm128, 4)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(bare_gcm, gcm128_open, kGcm128, false)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(unprotect, gcm128, Kind::ipsec_mb, kGcm128)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(bare_gcm, gcm256_seal, kGcm256, true)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(protect, gcm256, Kind::ipsec_mb, kGcm256, 0)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(bare_gcm, gcm256_open, kGcm256, false)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(unprotect, gcm256, Kind::ipsec_mb, kGcm256)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(bare_counter_mode, cm_sha1_seal, true)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(protect, cm_sha1, Kind::ipsec_mb, kCm, 0)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(bare_counter_mode, cm_sha1_open, false)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(unprotect, cm_sha1, Kind::ipsec_mb, kCm)->Apply(sizes_and_keys);
BENCHMARK_CAPTURE(protect, libsrtp_gcm128, Kind::libsrtp, kGcm128, 0)->ArgsProduct({{100, 1200}, {1, 256}});
BENCHMARK_CAPTURE(protect, libsrtp_cm_sha1, Kind::libsrtp, kCm, 0)->ArgsProduct({{100, 1200}, {1, 256}});

/// DTLS is done: a context gets its keys, on the worker.
void install(benchmark::State& state, Profile profile) {
  const auto cipher = std::move(make_cipher(Kind::ipsec_mb, 1024).value());
  const MasterKey key = master_key(profile, 1);
  ContextId id = 0;
  for (auto _ : state) cipher->install(id++ % 1024, key);
}
BENCHMARK_CAPTURE(install, gcm128, kGcm128);
BENCHMARK_CAPTURE(install, cm_sha1, kCm);

/// Receiver reports out, one at a time.
void protect_rtcp(benchmark::State& state, Profile profile) {
  const auto cipher = cipher_with_keys(Kind::ipsec_mb, profile, 1);
  std::array<std::uint8_t, 128> buffer{0x80, 201};
  for (auto _ : state) benchmark::DoNotOptimize(cipher->protect_rtcp(0, buffer, 64));
}
BENCHMARK_CAPTURE(protect_rtcp, gcm128, kGcm128);
BENCHMARK_CAPTURE(protect_rtcp, cm_sha1, kCm);

}  // namespace
}  // namespace penstock::srtp

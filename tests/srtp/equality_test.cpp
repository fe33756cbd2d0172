// The batch cipher equals libsrtp, byte for byte and refusal for refusal, on a million random packets (RTP and RTCP,
// all profiles, both directions). PENSTOCK_SRTP_PACKETS sets another number.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "tests/srtp/support.h"

namespace penstock::srtp::test {
namespace {

constexpr ContextId kContexts = 24;
constexpr std::size_t kStreamsPerContext = 3;
constexpr std::size_t kMaxSize = 1500;     // of a payload
constexpr std::size_t kMaxOverhead = 160;  // header, prefix, tag

#ifdef NDEBUG
constexpr std::uint64_t kPackets = 1'000'000;
#else
constexpr std::uint64_t kPackets = 100'000;  // NSS allocates per packet, and ASan looks at each
#endif

std::uint64_t packets_wanted() {
  const char* wanted = std::getenv("PENSTOCK_SRTP_PACKETS");
  return wanted == nullptr ? kPackets : std::strtoull(wanted, nullptr, 10);
}

/// One side of a connection, on one implementation.
struct Side {
  std::unique_ptr<Cipher> sender;
  std::unique_ptr<Cipher> receiver;
  explicit Side(Kind kind) : sender(cipher(kind, kContexts)), receiver(cipher(kind, kContexts)) {}
};

/// A packet's way through one implementation.
struct Trip {
  std::array<std::uint8_t, kMaxSize + kMaxOverhead> wire;
  std::array<std::uint8_t, kMaxSize + kMaxOverhead> opened;
};

class Equality : public testing::Test {
 protected:
  Equality() {
    for (ContextId id = 0; id < kContexts; ++id) {
      for (Side* side : {&batch, &reference}) {
        side->sender->install(id, master_key(profile(id), id));
        side->receiver->install(id, master_key(profile(id), id));
      }
      // Some begin just before a roll-over, some late in a long call.
      for (std::size_t i = 0; i < kStreamsPerContext; ++i) next[id][i] = (id * 0x3'0000) + 65'000 * (id % 2) + i;
    }
  }
  static Profile profile(ContextId id) { return kProfiles[id % 3]; }

  /// Mostly the next; gaps, late packets, and seldom another turn.
  std::uint64_t choose_index(ContextId id, std::size_t stream) {
    std::uint64_t& at = next[id][stream];
    const std::uint64_t dice = random() % 1000;
    if (dice == 0) at += random() % 300'000;
    if (dice < 20) at += random() % 50;
    const std::uint64_t late = dice >= 960 ? random() % 40 : 0;
    return late != 0 ? at - std::min(at, late) : at++;
  }

  std::size_t choose_size() {
    const std::uint64_t dice = random() % 16;
    return dice == 0 ? random() % kMaxSize : dice < 4 ? random() % 20 : random() % 250;
  }

  void rtp_batch(std::size_t count);
  void rtcp();

  std::mt19937_64 random{20261120};
  Side batch{kKinds[0]};
  Side reference{Kind::libsrtp};
  std::uint64_t next[kContexts][kStreamsPerContext] = {};
  std::vector<Trip> ours = std::vector<Trip>(64);
  std::vector<Trip> theirs = std::vector<Trip>(64);
  std::vector<std::uint8_t> noise = random_bytes(random, 1 << 16);
};

/// Protects `count` packets on both, spoils some, opens them on both.
void Equality::rtp_batch(std::size_t count) {
  std::vector<ProtectJob> our_jobs, their_jobs;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<ContextId>(random() % kContexts);
    const std::size_t stream = random() % kStreamsPerContext;
    const std::uint64_t index = choose_index(id, stream);
    const auto ssrc = static_cast<std::uint32_t>(0x1000 * (id + 1) + stream);
    const Packet header = rtp_header(ssrc, index, random() % 8 == 0 ? static_cast<unsigned>(random() % 16) : 0,
                                     static_cast<int>(random() % 6) - 1);
    const std::size_t size = choose_size();
    const std::size_t from = random() % (noise.size() - kMaxSize);
    ProtectJob job{.context = id,
                   .header_size = static_cast<std::uint16_t>(header.size()),
                   .packet_index = index,
                   .out = std::span(ours[i].wire).first(0),
                   .prefix = std::span(noise).subspan(random() % 1000, random() % 2 * (random() % 7)),
                   .payload = std::span(noise).subspan(from, size)};
    for (auto [trips, jobs] : {std::pair(&ours, &our_jobs), std::pair(&theirs, &their_jobs)}) {
      job.out = (*trips)[i].wire;
      std::ranges::copy(header, job.out.begin());
      jobs->push_back(job);
    }
  }
  batch.sender->protect(our_jobs);
  reference.sender->protect(their_jobs);

  std::vector<UnprotectJob> our_opening, their_opening;
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(our_jobs[i].result, Result::ok);
    ASSERT_EQ(their_jobs[i].result, Result::ok);
    const std::size_t size = our_jobs[i].size;
    ASSERT_EQ(size, their_jobs[i].size);
    ASSERT_TRUE(std::ranges::equal(std::span(ours[i].wire).first(size), std::span(theirs[i].wire).first(size)));
    if (random() % 16 == 0) {  // not the first byte, by which libsrtp finds the payload, nor an extension's length
      const std::size_t at =
          random() % 2 == 0 ? size - 1 - random() % (size - our_jobs[i].header_size) : 1 + random() % 11;
      ours[i].wire[at] ^= 0x10;
      theirs[i].wire[at] ^= 0x10;
    }
    UnprotectJob job{.context = our_jobs[i].context,
                     .header_size = our_jobs[i].header_size,
                     .packet_index = our_jobs[i].packet_index,
                     .packet = std::span(ours[i].wire).first(size),
                     .out = ours[i].opened};
    our_opening.push_back(job);
    job.packet = std::span(theirs[i].wire).first(size);
    job.out = theirs[i].opened;
    their_opening.push_back(job);
  }
  batch.receiver->unprotect(our_opening);
  reference.receiver->unprotect(their_opening);
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(our_opening[i].result, their_opening[i].result);
    const std::size_t size = our_opening[i].size;
    ASSERT_EQ(size, their_opening[i].size);
    const auto opened = std::span(ours[i].opened).first(size);
    ASSERT_TRUE(std::ranges::equal(opened, std::span(theirs[i].opened).first(size)));
    if (our_opening[i].result != Result::ok) continue;
    const ProtectJob& sent = our_jobs[i];
    ASSERT_TRUE(std::ranges::equal(opened.first(sent.prefix.size()), sent.prefix));
    ASSERT_TRUE(std::ranges::equal(opened.subspan(sent.prefix.size()), sent.payload));
  }
}

/// One compound packet. Each context sends for one SSRC, since libsrtp counts per SSRC and we per context.
void Equality::rtcp() {
  const auto id = static_cast<ContextId>(random() % kContexts);
  const std::size_t size = 8 + 4 * (random() % 40);
  const std::size_t trailer = rtcp_trailer_bytes(profile(id));
  Packet mine = rtcp_packet(id + 1, size);
  std::copy_n(noise.begin() + static_cast<std::ptrdiff_t>(random() % 1000), size - 8, mine.begin() + 8);
  const Packet plain = mine;
  mine.resize(size + trailer);
  Packet other = mine;
  ASSERT_EQ(batch.sender->protect_rtcp(id, mine, size).result, Result::ok);
  ASSERT_EQ(reference.sender->protect_rtcp(id, other, size).result, Result::ok);
  ASSERT_EQ(mine, other);
  if (random() % 16 == 0) {
    const std::size_t at = random() % mine.size();
    mine[at] ^= 0x80;
    other[at] ^= 0x80;
  }
  const UnprotectedRtcp opened = batch.receiver->unprotect_rtcp(id, mine);
  const UnprotectedRtcp expected = reference.receiver->unprotect_rtcp(id, other);
  ASSERT_EQ(opened.result, expected.result);
  ASSERT_EQ(opened.size, expected.size);
  ASSERT_EQ(opened.index, expected.index);
  if (opened.result != Result::ok) return;
  mine.resize(opened.size);
  other.resize(opened.size);
  ASSERT_EQ(mine, plain);
  ASSERT_EQ(other, plain);
}

TEST_F(Equality, OnRandomPackets) {
  for (std::uint64_t packets = packets_wanted(); packets > 0 && !HasFatalFailure();) {
    if (random() % 4 == 0) {
      rtcp();
      --packets;
    } else {
      const auto count = std::min<std::uint64_t>(packets, 1 + random() % ours.size());
      rtp_batch(count);
      packets -= count;
    }
  }
}

}  // namespace
}  // namespace penstock::srtp::test

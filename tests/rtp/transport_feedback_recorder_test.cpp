#include "dataplane/rtp/transport_feedback_recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "tests/rtp/only_packet.h"
#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::to_hex;
using testing::only_packet;

constexpr Ssrc kUs{1};
constexpr Ssrc kMedia{2};
constexpr std::uint64_t kStart_us = 64'000'000;  // reference time 1000: 0x3e8

void record(TransportFeedbackRecorder& recorder, int sequence, std::uint64_t arrival_us) {
  recorder.on_packet({static_cast<std::uint16_t>(sequence)}, arrival_us);
}

std::vector<std::uint8_t> build(TransportFeedbackRecorder& recorder, std::size_t room = 1200) {
  std::vector<std::uint8_t> out(room);
  RtcpWriter writer(out);
  recorder.append_to(writer, kUs, kMedia);
  out.resize(writer.size());
  return out;
}

/// What follows the two SSRCs.
std::string told(TransportFeedbackRecorder& recorder) {
  const auto packet = build(recorder);
  return packet.empty() ? "" : to_hex(Bytes(packet).subspan(12));
}

TEST(TransportFeedbackRecorder, NothingToTell) {
  TransportFeedbackRecorder recorder{};
  EXPECT_FALSE(recorder.pending());
  EXPECT_TRUE(build(recorder).empty());
  record(recorder, 5, kStart_us);
  EXPECT_TRUE(recorder.pending());
  EXPECT_FALSE(build(recorder).empty());
  EXPECT_FALSE(recorder.pending());
  EXPECT_TRUE(build(recorder).empty());
}

TEST(TransportFeedbackRecorder, ByteForByte) {
  struct Row {
    const char* what;
    std::vector<std::pair<int, int>> packets;  // sequence, ms after the start
    const char* bytes;                         // base, count, reference, number, chunks, deltas, padding
  };
  const std::vector<Row> rows{
      {"one packet", {{5, 0}}, "0005 0001 0003e8 00 2001 00 00"},
      {"a run", {{5, 0}, {6, 1}, {7, 3}}, "0005 0003 0003e8 00 2003 00 04 08 000000"},
      {"a loss: one-bit vector", {{5, 0}, {7, 1}}, "0005 0003 0003e8 00 a800 00 04"},
      {"a large delta: two-bit vector", {{5, 0}, {7, 64}}, "0005 0003 0003e8 00 d200 00 0100 000000"},
      {"reordering: a negative delta", {{5, 0}, {7, 1}, {6, 2}}, "0005 0003 0003e8 00 d600 00 08 fffc 0000"},
      {"across the wrap", {{65535, 0}, {0, 1}}, "ffff 0002 0003e8 00 2002 00 04"},
      {"a loss over two vectors", {{5, 0}, {25, 1}}, "0005 0015 0003e8 00 a000 8080 00 04 0000"},
      {"a long loss: a run between", {{5, 0}, {40, 1}}, "0005 0024 0003e8 00 a000 0015 2001 00 04"},
      {"a repetition: the first counts", {{5, 0}, {6, 1}, {6, 9}}, "0005 0002 0003e8 00 2002 00 04"},
  };
  for (const Row& row : rows) {
    TransportFeedbackRecorder recorder{};
    for (const auto& [sequence, ms] : row.packets)
      record(recorder, sequence, kStart_us + 1000u * static_cast<unsigned>(ms));
    auto expected = stun::testing::hex(row.bytes);
    EXPECT_EQ(told(recorder), to_hex(expected)) << row.what;
  }
}

TEST(TransportFeedbackRecorder, TheNextFeedbackStartsWhereTheLastEnded) {
  TransportFeedbackRecorder recorder{};
  record(recorder, 10, kStart_us);
  told(recorder);
  record(recorder, 13, kStart_us + 64'000);
  const auto packet = build(recorder);
  const auto message = transport_feedback(only_packet(packet));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->base, TransportSequence{11}) << "what was lost in between is told";
  EXPECT_EQ(message->status_count, 3);
  EXPECT_EQ(message->feedback_count, 1);
}

TEST(TransportFeedbackRecorder, ALateOneIsToldWithAllBehindIt) {
  TransportFeedbackRecorder recorder{};
  record(recorder, 10, kStart_us);
  record(recorder, 12, kStart_us + 1000);
  told(recorder);
  record(recorder, 11, kStart_us + 2000);
  const auto packet = build(recorder);
  const auto message = transport_feedback(only_packet(packet));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->base, TransportSequence{11});
  EXPECT_EQ(message->status_count, 2);
  record(recorder, 11, kStart_us + 3000);
  record(recorder, 12, kStart_us + 3000);
  EXPECT_FALSE(recorder.pending()) << "repetitions are nothing new";
}

TEST(TransportFeedbackRecorder, AJumpKeepsTheWindow) {
  TransportFeedbackRecorder recorder{};
  record(recorder, 10, kStart_us);
  record(recorder, 10 + 20'000, kStart_us + 1000);
  const auto packet = build(recorder);
  const auto message = transport_feedback(only_packet(packet));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->base, TransportSequence{10 + 20'000 - 1023});
  EXPECT_EQ(message->status_count, 1024);
  EXPECT_FALSE(recorder.pending());
}

TEST(TransportFeedbackRecorder, OlderThanTheWindowIsIgnoredUntilTwoInARow) {
  TransportFeedbackRecorder recorder{};
  record(recorder, 30'000, kStart_us);
  told(recorder);
  record(recorder, 30'000 - 1024, kStart_us);
  EXPECT_FALSE(recorder.pending());
  record(recorder, 30'000 - 1023, kStart_us);
  EXPECT_TRUE(recorder.pending()) << "just inside";
  told(recorder);
  record(recorder, 100, kStart_us);
  record(recorder, 300, kStart_us);
  EXPECT_FALSE(recorder.pending()) << "strays";
  record(recorder, 301, kStart_us);
  ASSERT_TRUE(recorder.pending()) << "a sender that counts anew";
  const auto packet = build(recorder);
  EXPECT_EQ(transport_feedback(only_packet(packet))->base, TransportSequence{301});
}

TEST(TransportFeedbackRecorder, UrgentWhenHalfTheWindowIsUntold) {
  TransportFeedbackRecorder recorder{};
  for (int i = 0; i < 512; ++i) record(recorder, i, kStart_us);
  EXPECT_FALSE(recorder.urgent());
  record(recorder, 512, kStart_us);
  EXPECT_TRUE(recorder.urgent());
}

TEST(TransportFeedbackRecorder, APauseThatNoDeltaHoldsStartsANewPacket) {
  TransportFeedbackRecorder recorder{};
  record(recorder, 1, kStart_us);
  record(recorder, 3, kStart_us + 9'000'000);
  const auto first = build(recorder);
  EXPECT_EQ(transport_feedback(only_packet(first))->status_count, 2) << "and the lost one before it";
  EXPECT_TRUE(recorder.pending());
  const auto second = build(recorder);
  const auto message = transport_feedback(only_packet(second));
  EXPECT_EQ(message->base, TransportSequence{3});
  EXPECT_EQ(message->arrivals().next()->arrival_us, static_cast<std::int64_t>(kStart_us) + 9'000'000);
}

TEST(TransportFeedbackRecorder, TheLeastRoomTakesAtLeastOneArrival) {
  for (int lost = 0; lost < 1023; ++lost) {
    TransportFeedbackRecorder recorder{};
    record(recorder, 0, kStart_us);
    told(recorder);
    record(recorder, 1 + lost, kStart_us);
    EXPECT_TRUE(build(recorder, TransportFeedbackRecorder::kLeastRoom - 1).empty());
    const auto packet = build(recorder, TransportFeedbackRecorder::kLeastRoom);
    const auto message = transport_feedback(only_packet(packet));
    ASSERT_TRUE(message) << lost;
    ASSERT_EQ(message->status_count, lost + 1);
    EXPECT_EQ(message->arrivals().next()->sequence, TransportSequence{static_cast<std::uint16_t>(1 + lost)});
    EXPECT_FALSE(recorder.pending());
  }
}

/// A network that loses, repeats and reorders, against a map of first arrivals.
void tell_everything_once(unsigned seed, double loss, int reorder, std::uint64_t gap_us, std::size_t room) {
  std::mt19937 random(seed);
  TransportFeedbackRecorder recorder{};
  std::map<std::int64_t, std::uint64_t> truth;                           // unwrapped sequence -> first arrival
  std::uint64_t now_us = (std::uint64_t{1} << 24) * 64'000 - 2'000'000;  // the reference time wraps on the way
  std::int64_t newest = 60'000, next_told = newest + 1;
  const std::int64_t first = newest + 1;
  const auto step = [&] {
    now_us += random() % (2 * gap_us);
    ++newest;
    if (std::generate_canonical<double, 20>(random) < loss && newest != first) return;
    const std::int64_t sequence =
        std::max(first, newest - (reorder == 0 ? 0 : static_cast<std::int64_t>(random() % reorder)));
    record(recorder, static_cast<int>(sequence & 0xffff), now_us);
    if (truth.emplace(sequence, now_us).second) next_told = std::min(next_told, sequence);
    while (!truth.contains(newest)) --newest;  // what nobody has seen yet is not there
  };
  for (int feedback = 0; feedback < 300; ++feedback) {
    for (auto i = random() % 80; i > 0; --i) step();
    for (int rounds = 0; recorder.pending(); ++rounds) {
      ASSERT_LT(rounds, 1024) << "never ends";
      const auto packet = build(recorder, room);
      ASSERT_FALSE(packet.empty());
      const auto message = transport_feedback(only_packet(packet));
      ASSERT_TRUE(message);
      ASSERT_EQ(message->base.value, static_cast<std::uint16_t>(next_told));
      auto arrivals = message->arrivals();
      auto told = arrivals.next();
      for (int i = 0; i < message->status_count; ++i, ++next_told) {
        const auto expected = truth.find(next_told);
        const bool arrived = told && told->sequence.value == static_cast<std::uint16_t>(next_told);
        ASSERT_EQ(arrived, expected != truth.end()) << next_told;
        if (!arrived) continue;
        const auto ticks = static_cast<std::uint32_t>(expected->second / 250);
        ASSERT_EQ(static_cast<std::uint32_t>(told->arrival_us / 250), ticks) << next_told;
        told = arrivals.next();
      }
      ASSERT_FALSE(told);
    }
    ASSERT_EQ(next_told, truth.rbegin()->first + 1);
  }
}

TEST(TransportFeedbackRecorder, AgreesWithANaiveModel) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    tell_everything_once(seed, 0, 0, 1'000, 1200);
    tell_everything_once(seed, 0.1, 0, 100, 1200);
    tell_everything_once(seed, 0.5, 40, 10'000, 1200);
    tell_everything_once(seed, 0.02, 3, 100'000, 60);
    tell_everything_once(seed, 0.3, 200, 3'000'000, 400);
    tell_everything_once(seed, 0.9, 5, 50'000, TransportFeedbackRecorder::kLeastRoom);
  }
}

}  // namespace
}  // namespace penstock::rtp

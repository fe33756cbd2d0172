#include "dataplane/rtp/send_history.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "dataplane/rtp/transport_feedback_recorder.h"
#include "tests/rtp/only_packet.h"

namespace penstock::rtp {
namespace {

using testing::only_packet;

/// A receiver at the other end, whose feedback comes back as bytes.
class Receiver {
 public:
  void arrive(TransportSequence sequence, std::uint64_t at_us) { recorder_.on_packet(sequence, at_us); }
  bool pending() const { return recorder_.pending(); }
  std::vector<std::uint8_t> feedback() {
    std::vector<std::uint8_t> out(1200);
    RtcpWriter writer(out);
    recorder_.append_to(writer, Ssrc{1}, Ssrc{2});
    out.resize(writer.size());
    return out;
  }

 private:
  TransportFeedbackRecorder recorder_{};
};

struct Heard {
  FeedbackSummary summary;
  std::vector<Acknowledged> packets;
};

Heard hear(SendHistory& history, const std::vector<std::uint8_t>& datagram, std::uint64_t now_us) {
  Heard heard;
  const auto message = transport_feedback(only_packet(datagram));
  EXPECT_TRUE(message);
  heard.summary =
      history.on_feedback(*message, now_us, [&](const Acknowledged& packet) { heard.packets.push_back(packet); });
  return heard;
}

TEST(SendHistory, NumbersFromZeroOnAndWraps) {
  SendHistory history{};
  for (int i = 0; i < 70'000; ++i) ASSERT_EQ(history.on_sent(1, 100, 0).value, static_cast<std::uint16_t>(i));
  EXPECT_EQ(history.sent(), 70'000u);
  EXPECT_EQ(history.bytes_in_flight(), SendHistory::kPackets * 100u) << "what slips out is not in flight";
}

TEST(SendHistory, FeedbackTellsWhatBecameOfEachPacket) {
  SendHistory history{};
  Receiver receiver;
  constexpr std::uint64_t kThere_us = 5'000'000'000;  // the receiver's clock has nothing to do with ours
  for (unsigned i = 0; i < 4; ++i)
    history.on_sent(1'000 + i * 500, static_cast<std::uint16_t>(100 + i), static_cast<std::uint16_t>(70 + i));
  EXPECT_EQ(history.bytes_in_flight(), 406u);
  receiver.arrive({0}, kThere_us);
  receiver.arrive({1}, kThere_us + 750);
  receiver.arrive({3}, kThere_us + 2'000);

  const Heard heard = hear(history, receiver.feedback(), 52'500);
  EXPECT_EQ(heard.summary.acknowledged, 3u);
  EXPECT_EQ(heard.summary.acknowledged_bytes, 304u);
  EXPECT_EQ(heard.summary.lost, 1u);
  EXPECT_EQ(heard.summary.rtt_us, 50'000u) << "of the newest, sent at 2,500";
  ASSERT_EQ(heard.packets.size(), 3u);
  EXPECT_EQ(heard.packets[2].sequence, TransportSequence{3});
  EXPECT_EQ(heard.packets[2].sent_us, 2'500u);
  EXPECT_EQ(heard.packets[2].size, 103);
  EXPECT_EQ(heard.packets[2].tag, 73u);
  EXPECT_EQ(heard.packets[1].arrival_us - heard.packets[0].arrival_us, 750);
  EXPECT_EQ(heard.packets[2].arrival_us - heard.packets[0].arrival_us, 2'000);
  EXPECT_EQ(history.acknowledged(), 3u);
  EXPECT_EQ(history.lost(), 1u);
  EXPECT_EQ(history.bytes_in_flight(), 0u);
}

TEST(SendHistory, TheSameFeedbackTwiceTellsNothingNew) {
  SendHistory history{};
  Receiver receiver;
  for (int i = 0; i < 3; ++i) history.on_sent(0, 100, 0);
  receiver.arrive({0}, 0);
  receiver.arrive({2}, 0);
  const auto datagram = receiver.feedback();
  hear(history, datagram, 10);
  const Heard again = hear(history, datagram, 20);
  EXPECT_EQ(again.summary.acknowledged, 0u);
  EXPECT_EQ(again.summary.lost, 0u);
  EXPECT_EQ(again.summary.rtt_us, 0u);
  EXPECT_TRUE(again.packets.empty());
  EXPECT_EQ(history.lost(), 1u);
}

TEST(SendHistory, ALateArrivalTakesTheLossBack) {
  SendHistory history{};
  Receiver receiver;
  for (int i = 0; i < 3; ++i) history.on_sent(0, 100, 0);
  receiver.arrive({0}, 0);
  receiver.arrive({2}, 0);
  hear(history, receiver.feedback(), 10);
  EXPECT_EQ(history.lost(), 1u);
  receiver.arrive({1}, 5'000);
  const Heard heard = hear(history, receiver.feedback(), 20);
  EXPECT_EQ(heard.summary.acknowledged, 1u);
  EXPECT_EQ(heard.summary.recovered, 1u);
  EXPECT_EQ(history.lost(), 0u);
  EXPECT_EQ(history.acknowledged(), 3u);
  EXPECT_EQ(history.bytes_in_flight(), 0u);
}

TEST(SendHistory, LostFeedbackLeavesItsPacketsUncounted) {
  SendHistory history{};
  Receiver receiver;
  for (int i = 0; i < 10; ++i) history.on_sent(0, 100, 0);
  for (std::uint16_t i = 0; i < 5; ++i) receiver.arrive({i}, 0);
  const auto delayed = receiver.feedback();
  for (std::uint16_t i = 5; i < 10; ++i) receiver.arrive({i}, 0);
  const Heard second = hear(history, receiver.feedback(), 10);
  EXPECT_EQ(second.summary.acknowledged, 5u);
  EXPECT_EQ(second.summary.lost, 0u);
  EXPECT_EQ(history.bytes_in_flight(), 0u);
  const Heard first = hear(history, delayed, 20);
  EXPECT_EQ(first.summary.acknowledged, 5u);
  EXPECT_EQ(first.summary.recovered, 0u);
  EXPECT_EQ(history.lost(), 0u);
}

TEST(SendHistory, NumbersNeverSentAreIgnored) {
  SendHistory history{};
  Receiver receiver;
  receiver.arrive({500}, 0);
  const auto datagram = receiver.feedback();
  EXPECT_EQ(hear(history, datagram, 10).summary.acknowledged, 0u) << "nothing sent at all";
  for (int i = 0; i < 400; ++i) history.on_sent(0, 100, 0);
  const Heard heard = hear(history, datagram, 10);
  EXPECT_EQ(heard.summary.acknowledged, 0u);
  EXPECT_EQ(heard.summary.lost, 0u);
  EXPECT_EQ(history.bytes_in_flight(), 40'000u);
  EXPECT_EQ(history.lost(), 0u);
}

TEST(SendHistory, WhatSlippedOutOfTheRingIsIgnored) {
  SendHistory history{};
  Receiver receiver;
  receiver.arrive({3}, 0);
  const auto datagram = receiver.feedback();
  for (std::size_t i = 0; i < SendHistory::kPackets + 4; ++i) history.on_sent(0, 100, 0);
  EXPECT_EQ(hear(history, datagram, 10).summary.acknowledged, 0u);
  EXPECT_EQ(history.bytes_in_flight(), SendHistory::kPackets * 100u);
}

TEST(SendHistory, SentTimesOutliveTheirThirtyTwoBits) {
  SendHistory history{};
  Receiver receiver;
  constexpr std::uint64_t kLate_us = std::uint64_t{7} << 32;
  history.on_sent(kLate_us - 5, 100, 0);
  receiver.arrive({0}, 0);
  const Heard heard = hear(history, receiver.feedback(), kLate_us + 5);
  ASSERT_EQ(heard.packets.size(), 1u);
  EXPECT_EQ(heard.packets[0].sent_us, kLate_us - 5);
  EXPECT_EQ(heard.summary.rtt_us, 10u);
}

TEST(SendHistory, ArrivalTimesGoOnWhereTheReferenceTimeWraps) {
  SendHistory history{};
  Receiver receiver;
  const std::uint64_t wrap_us = (std::uint64_t{1} << 24) * 64'000;
  std::vector<std::int64_t> arrivals;
  for (std::uint16_t i = 0; i < 4; ++i) {
    history.on_sent(0, 100, 0);
    receiver.arrive({i}, wrap_us / 2 * i + 1'000);  // 6 days apart: also across the sign
    for (const auto& packet : hear(history, receiver.feedback(), 0).packets) arrivals.push_back(packet.arrival_us);
  }
  ASSERT_EQ(arrivals.size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(static_cast<std::uint64_t>(std::abs(arrivals[i] - arrivals[i - 1])), wrap_us / 2) << i;
  }
}

/// Through a network that loses, reorders and delays, with the receiver's recorder at its end.
TEST(SendHistory, AgreesWithTheNetwork) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::mt19937 random(seed);
    SendHistory history{};
    Receiver receiver;
    std::multimap<std::uint64_t, std::uint64_t> network;  // arrival -> number
    std::map<std::uint64_t, std::uint64_t> sent_at, arrived_at;
    std::uint64_t told = 0, told_last = 0;
    std::uint64_t now_us = 1'000'000;
    std::uint64_t newest_arrived = 0;
    for (std::uint64_t number = 0; number < 100'000; ++number) {
      now_us += random() % 2'000;
      sent_at[number] = now_us;
      ASSERT_EQ(history.on_sent(now_us, 1000, static_cast<std::uint16_t>(number)).value, number & 0xffff);
      if (number == 0 || random() % 10 != 0) network.emplace(now_us + 20'000 + random() % 10'000, number);
      while (!network.empty() && network.begin()->first <= now_us) {
        const auto [at, arrived] = *network.begin();
        network.erase(network.begin());
        receiver.arrive({static_cast<std::uint16_t>(arrived)}, at);
        arrived_at[arrived] = at;
        newest_arrived = std::max(newest_arrived, arrived);
      }
      while (number % 100 == 99 && receiver.pending()) {
        const Heard heard = hear(history, receiver.feedback(), now_us);
        for (const Acknowledged& packet : heard.packets) {
          const std::uint64_t tagged = number - static_cast<std::uint16_t>(number - packet.tag);
          ASSERT_EQ(packet.sent_us, sent_at.at(tagged));
          ASSERT_EQ(packet.arrival_us / 250, static_cast<std::int64_t>(arrived_at.at(tagged) / 250));
          ASSERT_EQ(packet.sequence.value, packet.tag);
          ++told;
          told_last = std::max(told_last, tagged);
        }
      }
      if (number % 100 == 99) {
        ASSERT_EQ(told, arrived_at.size()) << "each once";
        ASSERT_EQ(history.acknowledged(), told);
        ASSERT_EQ(history.lost(), newest_arrived + 1 - told) << "all between were told to be lost";
        ASSERT_EQ(history.bytes_in_flight(), (number - told_last) * 1000);
      }
    }
  }
}

}  // namespace
}  // namespace penstock::rtp

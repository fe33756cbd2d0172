#include "dataplane/rtp/nack_generator.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace penstock::rtp {
namespace {

using Arrival = NackGenerator::Arrival;
using Numbers = std::vector<std::uint16_t>;

class NackGeneratorTest : public ::testing::Test {
 protected:
  Arrival packet(int sequence) { return generator_.on_packet({static_cast<std::uint16_t>(sequence)}, now_us_); }
  void packets(int first, int last) {
    for (int sequence = first; sequence <= last; ++sequence) packet(sequence);
  }
  Numbers collect(std::uint32_t rtt_ms = 0, std::size_t room = 1024) {
    std::vector<SequenceNumber> due(room);
    due.resize(generator_.collect(now_us_, rtt_ms * 1000, due));
    Numbers numbers;
    for (const SequenceNumber sequence : due) numbers.push_back(sequence.value);
    return numbers;
  }
  void pass_ms(std::uint64_t ms) { now_us_ += ms * 1000; }

  NackGenerator generator_{};
  std::uint64_t now_us_ = 123'456'000;
};

TEST_F(NackGeneratorTest, AGapIsAskedForAfterTheFirstDelayAndThenEveryPeriod) {
  EXPECT_EQ(packet(100), Arrival::advanced);
  EXPECT_EQ(packet(104), Arrival::advanced);
  EXPECT_EQ(generator_.missing(), 3u);
  pass_ms(9);
  EXPECT_EQ(collect(), Numbers{});
  pass_ms(1);
  EXPECT_EQ(collect(), (Numbers{101, 102, 103}));
  pass_ms(39);
  EXPECT_EQ(collect(), Numbers{});
  pass_ms(1);
  EXPECT_EQ(collect(), (Numbers{101, 102, 103}));
}

TEST_F(NackGeneratorTest, ALongRoundTripIsThePeriod) {
  packets(1, 1);
  packet(3);
  pass_ms(10);
  EXPECT_EQ(collect(200), Numbers{2});
  pass_ms(199);
  EXPECT_EQ(collect(200), Numbers{});
  pass_ms(1);
  EXPECT_EQ(collect(200), Numbers{2});
}

TEST_F(NackGeneratorTest, WhatComesInTimeIsNotAskedFor) {
  packet(1);
  packet(4);
  EXPECT_EQ(packet(2), Arrival::recovered);
  EXPECT_EQ(packet(2), Arrival::not_missing) << "again";
  EXPECT_EQ(packet(4), Arrival::not_missing) << "the newest again";
  EXPECT_EQ(packet(0), Arrival::not_missing) << "from before the start";
  pass_ms(10);
  EXPECT_EQ(collect(), Numbers{3});
  EXPECT_EQ(packet(3), Arrival::recovered) << "by retransmission";
  pass_ms(100);
  EXPECT_EQ(collect(), Numbers{});
  EXPECT_EQ(generator_.missing(), 0u);
}

TEST_F(NackGeneratorTest, AcrossTheWrapAscending) {
  packet(65533);
  packet(3);
  pass_ms(10);
  EXPECT_EQ(collect(), (Numbers{65534, 65535, 0, 1, 2}));
}

TEST_F(NackGeneratorTest, GivesUpAfterTenTriesAndWantsAKeyFrame) {
  packet(1);
  packet(3);
  pass_ms(10);
  for (int i = 0; i < NackGenerator::kMostTries; ++i) {
    EXPECT_EQ(collect(), Numbers{2}) << i;
    EXPECT_FALSE(generator_.take_key_frame_wanted()) << i;
    pass_ms(40);
  }
  EXPECT_EQ(collect(), Numbers{});
  EXPECT_EQ(generator_.missing(), 0u);
  EXPECT_TRUE(generator_.take_key_frame_wanted());
  EXPECT_FALSE(generator_.take_key_frame_wanted()) << "once";
}

TEST_F(NackGeneratorTest, AHugeGapForgetsAllAndWantsAKeyFrame) {
  packet(1);
  packet(3);
  EXPECT_EQ(packet(3 + 1024), Arrival::advanced) << "the largest that is asked for";
  EXPECT_EQ(generator_.missing(), 1023u);
  EXPECT_TRUE(generator_.take_key_frame_wanted()) << "2 left the window";
  EXPECT_EQ(packet(3 + 1024 + 1025), Arrival::gave_up);
  EXPECT_EQ(generator_.missing(), 0u);
  EXPECT_TRUE(generator_.take_key_frame_wanted());
  pass_ms(1000);
  EXPECT_EQ(collect(), Numbers{});
  EXPECT_EQ(packet(3 + 1024 + 1026), Arrival::advanced) << "and goes on from there";
}

TEST_F(NackGeneratorTest, WhatLeavesTheWindowWantsAKeyFrame) {
  packet(1);
  packet(3);
  packets(4, 2 + 1023);
  EXPECT_EQ(generator_.missing(), 1u);
  EXPECT_FALSE(generator_.take_key_frame_wanted());
  EXPECT_EQ(packet(2 + 1024), Arrival::advanced);
  EXPECT_EQ(generator_.missing(), 0u);
  EXPECT_TRUE(generator_.take_key_frame_wanted());
  EXPECT_EQ(packet(2), Arrival::not_missing) << "too late";
}

TEST_F(NackGeneratorTest, AKeyFrameMakesOlderLossesPointless) {
  packet(1);
  packet(5);  // 2, 3, 4
  packet(8);  // 6, 7
  generator_.on_key_frame({5});
  pass_ms(10);
  EXPECT_EQ(collect(), (Numbers{6, 7}));
  packet(8 + 1025);
  generator_.on_key_frame({8 + 1025});
  EXPECT_FALSE(generator_.take_key_frame_wanted()) << "here it is";
}

TEST_F(NackGeneratorTest, WithoutRoomTheRestStaysDue) {
  packet(0);
  packet(6);
  pass_ms(10);
  EXPECT_EQ(collect(0, 3), (Numbers{1, 2, 3}));
  EXPECT_EQ(collect(0, 3), (Numbers{4, 5}));
  EXPECT_EQ(collect(0, 3), Numbers{});
}

TEST_F(NackGeneratorTest, RestartForgets) {
  packet(100);
  packet(110);
  generator_.restart();
  EXPECT_EQ(generator_.missing(), 0u);
  EXPECT_EQ(packet(60'000), Arrival::advanced);
  EXPECT_EQ(packet(60'001), Arrival::advanced);
  EXPECT_EQ(generator_.missing(), 0u);
}

TEST_F(NackGeneratorTest, MillisecondsWrap) {
  now_us_ = ((std::uint64_t{1} << 32) - 5) * 1000;
  packet(1);
  packet(3);
  EXPECT_EQ(collect(), Numbers{});
  pass_ms(10);
  EXPECT_EQ(collect(), Numbers{2});
}

/// Random losses, reordering and time against a map.
TEST_F(NackGeneratorTest, AgreesWithANaiveModel) {
  struct Missing {
    std::uint64_t due_us;
    int tries;
  };
  std::mt19937 random(9);
  std::map<std::int64_t, Missing> model;
  std::int64_t newest = 65'000;
  bool wanted = false;
  packet(static_cast<int>(newest & 0xffff));
  for (int i = 0; i < 60'000; ++i) {
    const auto kind = random() % 100;
    if (kind < 70) {
      const std::int64_t next = newest + 1 +
                                static_cast<std::int64_t>(kind == 0            ? random() % 1400
                                                          : random() % 100 < 4 ? random() % 20
                                                                               : 0);
      if (next - newest > 1024) {
        wanted = true;
        model.clear();
      } else {
        for (std::int64_t n = newest + 1; n < next; ++n) model[n] = {now_us_ / 1000 + 10, 0};
      }
      newest = next;
      wanted |= std::erase_if(model, [&](const auto& m) { return m.first <= newest - 1024; }) > 0;
      packet(static_cast<int>(newest & 0xffff));
    } else if (kind < 85) {
      const std::int64_t old = newest - static_cast<std::int64_t>(random() % 1500);
      const bool missing = model.erase(old) > 0;
      ASSERT_EQ(packet(static_cast<int>(old & 0xffff)), missing ? Arrival::recovered : Arrival::not_missing);
    } else if (kind == 85) {
      generator_.on_key_frame({static_cast<std::uint16_t>(newest - 100)});
      std::erase_if(model, [&](const auto& m) { return m.first < newest - 100; });
      wanted = false;
    } else {
      Numbers expected;
      for (auto m = model.begin(); m != model.end();) {
        const auto current = m++;
        if (current->second.due_us > now_us_ / 1000) continue;
        if (current->second.tries == 10) {
          model.erase(current);
          wanted = true;
        } else if (expected.size() < 50) {
          expected.push_back(static_cast<std::uint16_t>(current->first));
          ++current->second.tries;
          current->second.due_us = now_us_ / 1000 + 60;
        }
      }
      ASSERT_EQ(collect(60, 50), expected) << i;
      ASSERT_EQ(generator_.take_key_frame_wanted(), wanted) << i;
      wanted = false;
    }
    ASSERT_EQ(generator_.missing(), model.size()) << i;
    now_us_ += random() % 4000;
  }
}

}  // namespace
}  // namespace penstock::rtp

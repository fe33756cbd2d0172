#include "dataplane/sfu/backlog.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/sfu/forward_script.h"

namespace penstock::sfu {
namespace {

// Tracks by letter, packets by number.
class BacklogTest : public ::testing::Test {
 protected:
  bool add(char track, std::uint64_t sequence) {
    StoredPacket packet;
    packet.packet = payload_;
    packet.sequence = sequence;
    return backlog_.add(slot(track), queues_[slot(track)], 0, 0, packet);
  }
  std::string current() {
    WaitingBatch& batch = backlog_.current();
    std::string text(1, static_cast<char>('a' + batch.track));
    for (std::uint16_t next = batch.first; next != 0; next = backlog_.packet(next).next) {
      text += std::to_string(backlog_.packet(next).stored.sequence);
    }
    return text;
  }
  void begin(SubscriptionSlot at = 1) {
    backlog_.current().begun = true;
    backlog_.current().at = at;
  }
  void done() { backlog_.done(queues_[backlog_.current().track]); }
  /// What the batches are, each in one turn.
  std::string rest() {
    std::string text;
    for (; !backlog_.empty(); done()) text += (text.empty() ? "" : " ") + current();
    return text;
  }
  void forget(char track) { backlog_.forget(queues_[slot(track)]); }
  static TrackSlot slot(char track) { return static_cast<TrackSlot>(track - 'a'); }

  net::Packet* payload_ = test::payload(10);
  std::vector<WaitingQueue> queues_ = std::vector<WaitingQueue>(8);
  Backlog backlog_;
};

TEST_F(BacklogTest, PacketsOfATrackStandTogether) {
  add('a', 1);
  add('b', 1);
  add('a', 2);
  add('b', 2);
  EXPECT_EQ(rest(), "a12 b12");
  EXPECT_TRUE(backlog_.empty());
}

TEST_F(BacklogTest, WhatComesLaterIsTheTracksNextBatch) {
  add('a', 1);
  begin();
  add('a', 2);
  add('a', 3);
  add('b', 1);
  backlog_.yield();
  EXPECT_EQ(current(), "b1") << "the later batch of a waits for the earlier";
  backlog_.yield();
  EXPECT_EQ(rest(), "a1 b1 a23");
}

TEST_F(BacklogTest, ATurnEndsAndTheNextBegins) {
  add('a', 1);
  add('b', 1);
  add('c', 1);
  std::string seen;
  for (int i = 0; i < 5; ++i) {
    seen += current();
    backlog_.yield();
  }
  EXPECT_EQ(seen, "a1b1c1a1b1");
}

TEST_F(BacklogTest, ASubscriptionThatLeavesIsSteppedOver) {
  add('a', 1);
  begin(5);
  add('b', 1);
  backlog_.skip(queues_[0], 4, 8);
  EXPECT_EQ(backlog_.current().at, 8U);
  backlog_.skip(queues_[0], 4, 9);
  EXPECT_EQ(backlog_.current().at, 8U) << "it is past it already";
  backlog_.skip(queues_[0], 7, 0);
  EXPECT_EQ(backlog_.current().at, 0U);
}

TEST_F(BacklogTest, ATrackThatEndsIsForgottenWithItsLaterBatches) {
  add('a', 1);
  add('b', 1);
  begin();
  add('a', 2);
  add('c', 1);
  forget('a');
  add('a', 3);
  forget('c');
  forget('d');
  EXPECT_EQ(rest(), "b1 a3");
}

TEST_F(BacklogTest, ABatchIsNoLongerThanItMayBe) {
  for (std::uint64_t i = 0; i < Backlog::kMostOfBatch + 1U; ++i) add('a', i);
  EXPECT_EQ(backlog_.current().count, Backlog::kMostOfBatch);
  done();
  EXPECT_EQ(rest(), "a64");
}

TEST_F(BacklogTest, WhoCannotKeepUpLeavesRoomForOthers) {
  const auto fill = [&](char track) {
    std::uint32_t count = 0;
    while (add(track, 1)) ++count;
    return count;
  };
  EXPECT_EQ(fill('a'), Backlog::kCapacity / 2);
  EXPECT_EQ(fill('b'), Backlog::kCapacity / 4);
  EXPECT_FALSE(add('a', 1));
  EXPECT_TRUE(add('c', 1));
  forget('a');
  EXPECT_TRUE(add('a', 1));
  EXPECT_EQ(fill('b'), (Backlog::kCapacity - 2 - Backlog::kCapacity / 2) / 2) << "again as many as are free";
}

TEST_F(BacklogTest, IsCrowdedWhenAQuarterIsTaken) {
  for (std::uint64_t i = 0; i < Backlog::kCapacity / 4; ++i) add('a', i);
  EXPECT_FALSE(backlog_.crowded());
  add('a', 0);
  EXPECT_TRUE(backlog_.crowded());
  forget('a');
  EXPECT_FALSE(backlog_.crowded());
}

TEST_F(BacklogTest, GivesBackEveryReference) {
  for (const char* end : {"done", "forgotten", "destroyed"}) {
    auto backlog = std::make_unique<Backlog>();
    WaitingQueue queue{};
    StoredPacket packet;
    packet.packet = payload_;
    const std::uint16_t before = rte_mbuf_refcnt_read(payload_);
    while (backlog->add(3, queue, 0, 0, packet)) {
    }
    EXPECT_EQ(rte_mbuf_refcnt_read(payload_), before + Backlog::kCapacity / 2);
    if (end == std::string("done")) {
      while (!backlog->empty()) backlog->done(queue);
      EXPECT_EQ(rte_mbuf_refcnt_read(payload_), before + Backlog::kCapacity / 2) << "until it is reclaimed";
      backlog->reclaim([](const WaitingBatch&) {});
    } else if (end == std::string("forgotten")) {
      backlog->forget(queue);
    } else {
      backlog.reset();
    }
    EXPECT_EQ(rte_mbuf_refcnt_read(payload_), before) << end;
  }
}

}  // namespace
}  // namespace penstock::sfu

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/port/dpdk/waiting_room.h"

namespace penstock::port {
namespace {

// The room looks into no packet, so any addresses will do.
net::Packet* packet(std::uintptr_t number) {
  return reinterpret_cast<net::Packet*>(number * 64 + 64);  // NOLINT(performance-no-int-to-ptr)
}

std::vector<net::Packet*> take_all(WaitingRoom& room) {
  std::vector<net::Packet*> all;
  room.offer(0, [&](net::Packet* p, bool) {
    all.push_back(p);
    return true;
  });
  return all;
}

TEST(WaitingRoom, HoldsUpToItsRoom) {
  const auto room = std::make_unique<WaitingRoom>();
  EXPECT_TRUE(room->empty());
  for (std::uint32_t i = 0; i < WaitingRoom::kRoom; ++i) EXPECT_TRUE(room->hold(packet(i), i % 512, i));
  EXPECT_FALSE(room->hold(packet(0), 600, 0));
  EXPECT_EQ(room->deadline_ns(), WaitingRoom::kPatienceNs);
  EXPECT_EQ(take_all(*room).size(), WaitingRoom::kRoom);
  EXPECT_TRUE(room->empty());
}

TEST(WaitingRoom, WhoStaysKeepsHisPlaceAndHisTime) {
  const auto room = std::make_unique<WaitingRoom>();
  for (unsigned round = 0; round < 300; ++round) {  // round and round the ring
    for (std::uint32_t i = 0; i < 7; ++i) ASSERT_TRUE(room->hold(packet(i), 7, i));
    std::uint32_t offered = 0;
    room->offer(0, [&](net::Packet* p, bool late) {
      EXPECT_EQ(p, packet(offered));
      EXPECT_FALSE(late);
      return offered++ % 2 == 0;
    });
    EXPECT_EQ(room->size(), 3U);
    EXPECT_EQ(room->deadline_ns(), WaitingRoom::kPatienceNs + 1);
    ASSERT_EQ(take_all(*room), (std::vector{packet(1), packet(3), packet(5)}));
  }
}

TEST(WaitingRoom, OneSilentHopLeavesRoomForOthers) {
  const auto room = std::make_unique<WaitingRoom>();
  for (std::uint32_t i = 0; i < WaitingRoom::kPerHop; ++i) ASSERT_TRUE(room->hold(packet(i), 7, i));
  EXPECT_FALSE(room->hold(packet(99), 7, 0));
  EXPECT_TRUE(room->hold(packet(99), 8, 0));
  EXPECT_EQ(take_all(*room).size(), WaitingRoom::kPerHop + 1U);
  EXPECT_TRUE(room->hold(packet(0), 7, 0)) << "who has left takes no place";
  take_all(*room);
}

TEST(WaitingRoom, SaysWhoIsLate) {
  const auto room = std::make_unique<WaitingRoom>();
  room->hold(packet(0), 7, 0);
  room->hold(packet(1), 7, 10);
  std::vector<bool> late;
  room->offer(WaitingRoom::kPatienceNs + 9, [&](net::Packet*, bool is_late) {
    late.push_back(is_late);
    return is_late;
  });
  EXPECT_EQ(late, (std::vector{true, false}));
  EXPECT_EQ(room->size(), 1U);
}

}  // namespace
}  // namespace penstock::port

#include "dataplane/engine/flow_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

#include "dataplane/net/packet_pool.h"

namespace penstock::engine {
namespace {

net::Endpoint endpoint(std::uint32_t n) {
  return {net::Address::v4(0x0a000000 + n / 1000), static_cast<std::uint16_t>(1 + n % 1000)};
}

TEST(FlowTable, FindsWhatWasInsertedAndNothingElse) {
  FlowTable table(1000);
  const net::FlowId id = table.insert(3, endpoint(1));
  ASSERT_NE(id, net::kNoFlow);
  EXPECT_EQ(table.find(3, endpoint(1)), id);
  EXPECT_EQ(table.find(4, endpoint(1)), net::kNoFlow);
  EXPECT_EQ(table.find(3, endpoint(2)), net::kNoFlow);
  EXPECT_EQ(table.insert(3, endpoint(1)), net::kNoFlow) << "a flow exists once";
}

TEST(FlowTable, RefusesWhenFullAndTakesAgainAfterErase) {
  FlowTable table(4);
  for (std::uint32_t i = 0; i < 4; ++i) ASSERT_NE(table.insert(0, endpoint(i)), net::kNoFlow);
  EXPECT_EQ(table.insert(0, endpoint(9)), net::kNoFlow);
  table.erase(table.find(0, endpoint(2)));
  const net::FlowId id = table.insert(0, endpoint(9));
  ASSERT_NE(id, net::kNoFlow);
  EXPECT_EQ(table[id].index, 0U) << "a reused entry starts clean";
  EXPECT_EQ(table.size(), 4U);
}

TEST(FlowTable, AgreesWithAMapOverRandomInsertsAndErases) {
  constexpr std::uint32_t kCapacity = 512;
  FlowTable table(kCapacity);
  std::unordered_map<std::uint32_t, net::FlowId> model;
  std::mt19937 random(7);
  for (int step = 0; step < 200'000; ++step) {
    const auto key = static_cast<std::uint32_t>(random() % 900);
    if (const auto known = model.find(key); known != model.end()) {
      ASSERT_EQ(table.find(1, endpoint(key)), known->second);
      if (random() % 2 == 0) {
        table.erase(known->second);
        model.erase(known);
      }
    } else {
      ASSERT_EQ(table.find(1, endpoint(key)), net::kNoFlow);
      const net::FlowId id = table.insert(1, endpoint(key));
      ASSERT_EQ(id == net::kNoFlow, model.size() == kCapacity);
      if (id != net::kNoFlow) model[key] = id;
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(FlowTable, BurstLookupEqualsSingleLookupAlsoForTrains) {
  ASSERT_TRUE(net::start_environment(64));
  auto pool = net::PacketPool::create("flow-table-test", 511, 64);
  ASSERT_TRUE(pool) << pool.error();
  FlowTable table(1000);
  for (std::uint32_t i = 0; i < 300; i += 2) table.insert(0, endpoint(i));
  net::Burst burst;
  for (std::uint32_t i = 0; i < 200; ++i) {
    net::Packet* p = pool->allocate();
    const bool follower = i % 8 == 5;  // a train of two: same flow as the packet before
    net::info(p).remote = endpoint(follower ? i - 1 : i);
    net::info(p).local = 0;
    net::info(p).train = follower || i % 8 == 4 ? static_cast<std::uint16_t>(1 + i / 8) : std::uint16_t{0};
    burst.push(p);
  }
  table.find_burst(burst.span());
  for (net::Packet* p : burst) {
    EXPECT_EQ(net::info(p).flow, table.find(0, net::info(p).remote));
    net::free(p);
  }
}

}  // namespace
}  // namespace penstock::engine

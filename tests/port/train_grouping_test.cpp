#include "dataplane/port/uring/train_grouping.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/port.h"

namespace penstock::port {
namespace {

/// A packet in the tables below: flow 'a', 'b', ..., wire size, and what else parts trains.
struct Sent {
  char flow;
  std::uint16_t size;
  std::uint8_t tos = 0;
  bool dont_fragment = false;
};

struct Case {
  const char* name;
  std::vector<Sent> packets;
  const char* groups;  ///< indexes of packets: "0 2,1" are two groups
};

class TrainGroupingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(net::start_environment(256));
    auto pool = net::PacketPool::create("grouping", 512, 2048);
    ASSERT_TRUE(pool);
    pool_ = new net::PacketPool(std::move(*pool));
  }
  static void TearDownTestSuite() { delete pool_; }

  void TearDown() override { clear(); }
  void clear() {
    rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(packets_.size()));
    packets_.clear();
  }
  net::PacketInfo& add(const Sent& s) {
    net::Packet* p = pool_->allocate();
    p->data_len = s.size;
    net::PacketInfo& i = net::info(p);
    i.remote = {net::Address::v4(0x0a000000 + static_cast<unsigned char>(s.flow)), 4000};
    i.local = 1;
    i.tos = s.tos;
    if (s.dont_fragment) i.flags |= net::PacketInfo::kDontFragment;
    packets_.push_back(p);
    return i;
  }
  std::string group() {
    grouping_.group(packets_);
    std::string text;
    for (const Group& g : grouping_.groups()) {
      if (!text.empty()) text += ',';
      std::size_t bytes = 0;
      for (std::uint16_t n = 0, index = g.first; n < g.count; ++n, index = grouping_.next(index)) {
        text += (n == 0 ? "" : " ") + std::to_string(index);
        bytes += net::wire_size(packets_[index]);
        const bool last = n + 1 == g.count;
        EXPECT_EQ(last, index == g.last);
        EXPECT_TRUE(last || net::wire_size(packets_[index]) == g.segment);
      }
      EXPECT_EQ(bytes, g.bytes);
      EXPECT_LE(g.bytes, kMaxPayload);
    }
    return text;
  }

  static inline net::PacketPool* pool_ = nullptr;
  TrainGrouping grouping_;
  std::vector<net::Packet*> packets_;
};

TEST_F(TrainGroupingTest, Table) {
  const std::vector<Case> cases = {
      {"nothing", {}, ""},
      {"one", {{'a', 100}}, "0"},
      {"a train", {{'a', 100}, {'a', 100}, {'a', 100}}, "0 1 2"},
      {"a shorter packet ends it", {{'a', 100}, {'a', 60}, {'a', 60}, {'a', 60}}, "0 1,2 3"},
      {"a longer one begins anew", {{'a', 100}, {'a', 101}, {'a', 101}}, "0,1 2"},
      {"interleaved flows", {{'a', 100}, {'b', 100}, {'a', 100}, {'b', 100}, {'c', 9}}, "0 2,1 3,4"},
      {"order within a flow", {{'a', 100}, {'a', 200}, {'a', 100}, {'a', 200}}, "0,1 2,3"},
      {"another tos", {{'a', 100}, {'a', 100, 0xb8}, {'a', 100, 0xb8}, {'a', 100}}, "0,1 2,3"},
      {"dont fragment", {{'a', 100}, {'a', 100, 0, true}, {'a', 100, 0, true}}, "0,1 2"},
      {"empty datagrams go alone", {{'a', 0}, {'a', 0}, {'a', 10}, {'a', 0}, {'a', 10}}, "0,1,2,3,4"},
      {"a full size after the short one", {{'a', 100}, {'b', 7}, {'a', 10}, {'a', 100}, {'a', 100}}, "0 2,1,3 4"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const Sent& s : c.packets) add(s);
    EXPECT_EQ(group(), c.groups);
    clear();
  }
}

TEST_F(TrainGroupingTest, LocalEndpointsArePartOfTheFlow) {
  add({'a', 100}).local = 1;
  add({'a', 100}).local = 2;
  add({'a', 100}).local = 1;
  EXPECT_EQ(group(), "0 2,1");
}

TEST_F(TrainGroupingTest, LeadAndTailCount) {
  add({'a', 96}).lead_size = 4;
  add({'a', 97}).lead_size = 3;
  add({'a', 98}).tail_size = 2;
  EXPECT_EQ(group(), "0 1 2");
}

TEST_F(TrainGroupingTest, TrainsEndAtSixtyFourSegments) {
  for (int i = 0; i < 150; ++i) add({'a', 100});
  group();
  ASSERT_EQ(grouping_.groups().size(), 3U);
  EXPECT_EQ(grouping_.groups()[0].count, kMaxSegments);
  EXPECT_EQ(grouping_.groups()[1].count, kMaxSegments);
  EXPECT_EQ(grouping_.groups()[2].count, 150 - 2 * kMaxSegments);
}

TEST_F(TrainGroupingTest, TrainsFitADatagram) {
  for (int i = 0; i < 60; ++i) add({'a', 1400});
  group();
  ASSERT_EQ(grouping_.groups().size(), 2U);
  EXPECT_EQ(grouping_.groups()[0].count, kMaxPayload / 1400);
}

TEST_F(TrainGroupingTest, AFullBurstOfDifferentFlowsAndAgain) {
  for (unsigned pass = 0; pass < 3; ++pass) {
    for (unsigned i = 0; i < net::kBurstCapacity; ++i) {
      add({'a', 100}).remote = {net::Address::v4(0x0a000000), static_cast<std::uint16_t>(1 + i % (128 << pass))};
    }
    group();
    const std::size_t flows = std::min<std::size_t>(128U << pass, net::kBurstCapacity);
    ASSERT_EQ(grouping_.groups().size(), flows);
    for (const Group& g : grouping_.groups()) EXPECT_EQ(g.count, net::kBurstCapacity / flows);
    clear();
  }
}

}  // namespace
}  // namespace penstock::port

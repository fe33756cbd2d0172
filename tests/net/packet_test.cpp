#include "dataplane/net/packet.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "dataplane/net/packet_pool.h"

namespace penstock::net {
namespace {

class PacketTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(start_environment(64));
    auto pool = PacketPool::create("packet-test", 31, 256);
    ASSERT_TRUE(pool) << pool.error();
    pool_.emplace(std::move(*pool));
    packet_ = pool_->allocate();
    std::memcpy(rte_pktmbuf_append(packet_, 8), "abcdefgh", 8);
  }
  void TearDown() override {
    free(packet_);
    EXPECT_EQ(pool_->in_use(), 0U);
  }
  std::string text() const {
    const auto bytes = payload(packet_);
    return {bytes.begin(), bytes.end()};
  }

  std::optional<PacketPool> pool_;
  Packet* packet_ = nullptr;
};

TEST_F(PacketTest, StripAndTruncate) {
  strip(packet_, 2);
  truncate(packet_, 5);
  EXPECT_EQ(text(), "cdefg");
}

TEST_F(PacketTest, PrependGoesInPlaceWhenTheHeadroomIsOurs) {
  std::memcpy(prepend(packet_, 4), "1234", 4);
  EXPECT_EQ(text(), "1234abcdefgh");
  EXPECT_EQ(info(packet_).lead_size, 0);
}

TEST_F(PacketTest, PrependLeavesATrainNeighboursBytesAlone) {
  info(packet_).flags |= PacketInfo::kSharesHeadroom;
  std::memcpy(prepend(packet_, 4), "1234", 4);
  EXPECT_EQ(text(), "abcdefgh");
  EXPECT_EQ(info(packet_).lead_size, 4);
  EXPECT_EQ(wire_size(packet_), 12U);
}

TEST_F(PacketTest, StrippedBytesDoNotMakeRoomForALongerLead) {
  info(packet_).flags |= PacketInfo::kSharesHeadroom;
  strip(packet_, 4);
  std::memset(prepend(packet_, 36), 'x', 36);  // a Data indication's header would reach into the neighbour
  EXPECT_EQ(text(), "efgh");
  EXPECT_EQ(info(packet_).lead_size, 36);
}

TEST_F(PacketTest, ZerosGoInPlaceOrToTheTail) {
  append_zeros(packet_, 3);
  EXPECT_EQ(payload(packet_).size(), 11U);
  truncate(packet_, 8);
  info(packet_).flags |= PacketInfo::kSharesTailroom;
  append_zeros(packet_, 2);
  EXPECT_EQ(text(), "abcdefgh");
  EXPECT_EQ(wire_size(packet_), 10U);
}

TEST_F(PacketTest, AFreshPacketRemembersNothing) {
  info(packet_).flags = 7;
  info(packet_).train = 3;
  info(packet_).flow = 1;
  free(packet_);
  packet_ = pool_->allocate();
  EXPECT_EQ(info(packet_).flags, 0);
  EXPECT_EQ(info(packet_).train, 0);
  EXPECT_EQ(info(packet_).flow, kNoFlow);
  EXPECT_EQ(info(packet_).local, kNoLocal);
}

}  // namespace
}  // namespace penstock::net

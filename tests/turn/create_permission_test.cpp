// CreatePermission (RFC 8656 section 10).
#include <algorithm>

#include "tests/turn/fixture.h"

namespace penstock::turn {
namespace {

using namespace test;
using stun::MessageBuilder;

using CreatePermissionTest = TurnTest;

TEST_F(CreatePermissionTest, InstallsAllItNames) {
  ada.allocated();
  EXPECT_EQ(ada.permit({kPeer, kOtherPeer}).code(), 0);
  EXPECT_EQ(bed.stats().permissions.get(), 2U);
  EXPECT_EQ(ada.permit({kPeer}).code(), 0);
  EXPECT_EQ(bed.stats().permissions.get(), 2U);
}

TEST_F(CreatePermissionTest, InstallsAllOrNothing) {
  ada.allocated();
  struct Row {
    std::vector<net::Endpoint> peers;
    int code;
  };
  for (const Row& row : std::vector<Row>{{{}, 400}, {{kPeer, kDenied}, 403}, {{kPeer, kPeer6}, 443}}) {
    EXPECT_EQ(ada.permit(row.peers).code(), row.code);
    EXPECT_EQ(bed.stats().permissions.get(), 0U);
  }
  EXPECT_EQ(
      ada.ask(stun::Method::create_permission,
              [](MessageBuilder& b) { b.xor_peer_address(kPeer).attribute(0x0012, std::array<std::uint8_t, 3>{}); })
          .code(),
      400);
  EXPECT_EQ(bed.stats().permissions.get(), 0U);
}

TEST_F(CreatePermissionTest, PeersInEveryMappedFormAreDenied) {
  ada.allocated([](MessageBuilder& b) { b.additional_address_family(net::Family::v6); });
  const auto v6 = [](std::array<std::uint8_t, 16> bytes) { return net::Endpoint{{bytes}, 80}; };
  EXPECT_EQ(ada.permit({{net::Address::v4(0x7f000001), 80}}).code(), 403);
  EXPECT_EQ(ada.permit({v6({0x20, 0x02, 127, 0, 0, 1})}).code(), 403);
  EXPECT_EQ(ada.permit({v6({0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1})}).code(), 403);
  EXPECT_EQ(ada.permit({v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1})}).code(), 403);
  EXPECT_EQ(ada.permit({v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})}).code(), 403);
  // IPv4-mapped, as an IPv6 attribute: the builder would write IPv4, so by hand.
  const stun::TransactionId id = ada.next_id();
  const auto mapped_loopback = [&](MessageBuilder& b) {
    std::array<std::uint8_t, 20> value{0, 2, 0x21, 0x42, 0x21, 0x12, 0xa4, 0x42};
    std::copy(id.begin(), id.end(), value.begin() + 8);
    const std::array<std::uint8_t, 6> tail{0xff, 0xff, 127, 0, 0, 1};
    for (std::size_t i = 0; i < tail.size(); ++i) value[14 + i] ^= tail[i];
    b.attribute(0x0012, value);
  };
  EXPECT_EQ(ada.exchange(ada.signed_request(stun::Method::create_permission, mapped_loopback, id)).code(), 403);
}

TEST_F(CreatePermissionTest, NeedsAnAllocationAndItsUser) {
  EXPECT_EQ(ada.permit({kPeer}).code(), 437);
  ada.allocated();
  Client bob(bed, kAda, 0, "bob");
  EXPECT_EQ(bob.permit({kPeer}).code(), 441);
}

TEST_F(CreatePermissionTest, LastsThreeHundredSeconds) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  bed.advance(299 * kSecond);
  from_peer(relayed, kPeer, payload("in time"));
  EXPECT_EQ(ada.received_data().size(), 1U);
  bed.advance(2 * kSecond);
  from_peer(relayed, kPeer, payload("late"));
  EXPECT_EQ(ada.received_data().size(), 0U);
  EXPECT_EQ(drops(net::Drop::peer_no_permission), 1U);
  ASSERT_EQ(ada.permit({kPeer}).code(), 0);
  from_peer(relayed, kPeer, payload("again"));
  EXPECT_EQ(ada.received_data().size(), 1U);
}

TEST_F(CreatePermissionTest, ExpiredEntriesAreReclaimed) {
  ada.allocated();
  ASSERT_EQ(ada.permit({kPeer, kOtherPeer}).code(), 0);
  bed.advance(301 * kSecond);
  bed.advance(61 * kSecond);
  EXPECT_EQ(bed.stats().permissions.get(), 0U);
}

class PermissionLimitTest : public TurnTest {
 protected:
  PermissionLimitTest() : TurnTest(limited()) {}
  static BedOptions limited() {
    BedOptions options;
    options.settings.allocation_limits.permissions = 3;
    options.fixed.permissions_per_worker = 4;
    return options;
  }
  static net::Endpoint peer(std::uint32_t i) { return {net::Address::v4(0x09000000 + i), 1}; }
};

TEST_F(PermissionLimitTest, AnAllocationAndAWorkerHaveOnlySoMany) {
  ada.allocated();
  EXPECT_EQ(ada.permit({peer(1), peer(2), peer(3), peer(4)}).code(), 508);
  EXPECT_EQ(bed.stats().permissions.get(), 0U);
  EXPECT_EQ(ada.permit({peer(1), peer(2), peer(3), peer(1)}).code(), 0);
  Client bob(bed, kBob, 0, "bob");
  bob.allocated();
  EXPECT_EQ(bob.permit({peer(1), peer(2)}).code(), 508);
  EXPECT_EQ(bob.permit({peer(1)}).code(), 0);
  bed.advance(301 * kSecond);
  EXPECT_EQ(ada.permit({peer(7), peer(8)}).code(), 0);  // what has expired gives way
}

}  // namespace
}  // namespace penstock::turn

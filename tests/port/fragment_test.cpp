#include "dataplane/port/dpdk/fragment.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/port/fragments.h"

namespace penstock::port {
namespace {

using net::FrameBytes;

const net::Endpoint kA4{net::Address::v4(0x0a090001), 40000};
const net::Endpoint kB4{net::Address::v4(0x0a090002), 3478};
const net::Endpoint kA6 = net::parse_endpoint("[fd09::1]:40000", 0).value();
const net::Endpoint kB6 = net::parse_endpoint("[fd09::2]:3478", 0).value();

class FragmentTest : public FragmentsTest {
 protected:
  // The fragments' frames; `why` tells what was said instead.
  std::vector<FrameBytes> cut(const FrameBytes& frame, std::size_t mtu, std::size_t room = kMaxFragments) {
    net::Packet* whole = packet(frame);
    std::vector<net::Packet*> out(room);
    const auto n = fragment(whole, mtu, 0x28339e4c, *pool_, out);
    net::free(whole);
    std::vector<FrameBytes> frames;
    why_ = n ? std::nullopt : std::optional(n.error());
    for (std::size_t i = 0; n && i < *n; ++i) {
      frames.emplace_back(net::payload(out[i]).begin(), net::payload(out[i]).end());
      net::free(out[i]);
    }
    return frames;
  }

  std::optional<net::Drop> why_;
};

TEST_F(FragmentTest, AreByteForByteWhatLinuxSends) {
  EXPECT_THAT(cut(datagram_frame(kA4, kB4, net::counting(0, 1600)), 1500),
              testing::ElementsAre(net::ipv4_first_fragment(), net::ipv4_last_fragment()));

  const auto without_flow_label = [](FrameBytes frame) {
    std::fill(frame.begin() + 15, frame.begin() + 18, std::uint8_t{0});
    return frame;
  };
  const FrameBytes whole = datagram_frame(kA6, kB6, net::counting(0, 1600), net::kNoVlan, 0, 0);
  EXPECT_THAT(cut(whole, 1500), testing::ElementsAre(without_flow_label(net::ipv6_first_fragment()),
                                                     without_flow_label(net::ipv6_last_fragment())));
}

TEST_F(FragmentTest, TagsAreRepeated) {
  EXPECT_THAT(
      cut(datagram_frame(kA4, kB4, net::counting(0, 1600), 42), 1500),
      testing::ElementsAre(net::tagged(net::ipv4_first_fragment(), 42), net::tagged(net::ipv4_last_fragment(), 42)));
}

TEST_F(FragmentTest, PutTogetherTheyAreTheSameAgain) {
  reassemble();
  std::uint16_t id = 0;
  for (const auto& [source, destination] : {std::pair(kA4, kB4), std::pair(kA6, kB6)}) {
    for (const std::size_t mtu : {296U, 576U, 1280U, 1281U, 1287U, 1500U}) {
      for (const std::size_t size : {1500U, 1501U, 1507U, 2455U, 2456U, 2457U, 8000U, 8937U}) {
        for (const std::uint16_t vlan : {net::kNoVlan, std::uint16_t{7}}) {
          const FrameBytes whole = datagram_frame(source, destination, net::counting(size, size), vlan, ++id);
          std::vector<FrameBytes> fragments = cut(whole, mtu);
          ASSERT_GE(fragments.size(), 2U);
          std::rotate(fragments.begin(), fragments.begin() + id % fragments.size(), fragments.end());
          FrameBytes result;
          for (const FrameBytes& f : fragments) {
            EXPECT_LE(f.size(), mtu + net::link_header_size(vlan != net::kNoVlan));
            EXPECT_TRUE(result.empty());
            result = add(f);
          }
          ASSERT_EQ(result, whole);
        }
      }
    }
  }
  EXPECT_EQ(reassembly_->counters().pending.get(), 0U);
}

TEST_F(FragmentTest, IsAllOrNone) {
  const FrameBytes whole = datagram_frame(kA4, kB4, net::counting(0, 4000));
  EXPECT_EQ(cut(whole, 1500, 3).size(), 3U);
  EXPECT_TRUE(cut(whole, 1500, 2).empty());
  EXPECT_EQ(why_, net::Drop::tx_too_big) << "more than the caller has room for";
  EXPECT_TRUE(cut(whole, 27).empty());
  EXPECT_EQ(why_, net::Drop::tx_too_big) << "not even eight bytes fit";
  EXPECT_TRUE(cut(whole, 68).empty());
  EXPECT_EQ(why_, net::Drop::tx_too_big) << "more than 64 pieces";

  std::vector<net::Packet*> hogged(pool_->capacity() - 3);
  ASSERT_TRUE(pool_->allocate_bulk(hogged));
  EXPECT_TRUE(cut(whole, 1500).empty());
  EXPECT_EQ(why_, net::Drop::tx_no_buffer);
  net::free(hogged.back());
  hogged.pop_back();
  EXPECT_EQ(cut(whole, 1500).size(), 3U);
  for (net::Packet* p : hogged) net::free(p);
}

TEST_F(FragmentTest, RespectsDontFragment) {
  FrameBytes whole = datagram_frame(kA4, kB4, net::counting(0, 4000));
  whole[20] = 0x40;
  EXPECT_TRUE(cut(whole, 1500).empty());
  EXPECT_EQ(why_, net::Drop::tx_too_big);
}

TEST_F(FragmentTest, PacketsOfThePoolMustHoldAFragment) {
  auto small = net::PacketPool::create("small", 15, 512, 0);
  ASSERT_TRUE(small);
  net::Packet* whole = packet(datagram_frame(kA4, kB4, net::counting(0, 4000)));
  std::vector<net::Packet*> out(kMaxFragments);
  EXPECT_EQ(fragment(whole, 1500, 1, *small, out), tl::unexpected(net::Drop::tx_too_big));
  EXPECT_EQ(small->in_use(), 0U);
  net::free(whole);
}

}  // namespace
}  // namespace penstock::port

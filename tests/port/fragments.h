#pragma once
// What tests of fragmentation and of reassembly share: pools, and frames in packets.

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/net/frame_headers.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/reassembly.h"
#include "tests/net/frames.h"

namespace penstock::port {

using net::operator+;  // of frames, which are vectors

class FragmentsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(net::start_environment(256));
    auto pool = net::PacketPool::create("frames", 1023, 9216, 0);
    ASSERT_TRUE(pool) << pool.error();
    pool_.emplace(std::move(*pool));
  }
  void TearDown() override {
    reassembly_.reset();
    EXPECT_EQ(pool_->in_use(), 0U);
  }

  void reassemble(const ReassemblyLimits& limits = {}) {
    auto made = Reassembly::create("whole", limits, dropped_);
    ASSERT_TRUE(made) << made.error();
    reassembly_ = std::move(*made);
  }

  net::Packet* packet(const net::FrameBytes& frame) {
    net::Packet* p = pool_->allocate();
    std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(frame.size())), frame.data(), frame.size());
    return p;
  }

  // The whole datagram's frame when `fragment` completed it, else nothing.
  net::FrameBytes add(net::Packet* fragment) {
    const net::Frame f = net::parse_frame(net::payload(fragment));
    EXPECT_EQ(f.kind, net::FrameKind::fragment);
    net::Packet* whole = reassembly_->add(fragment, f, now_ns_);
    if (whole == nullptr) return {};
    net::FrameBytes bytes(net::payload(whole).begin(), net::payload(whole).end());
    net::free(whole);
    return bytes;
  }
  net::FrameBytes add(const net::FrameBytes& fragment) { return add(packet(fragment)); }

  std::uint64_t dropped(net::Drop why) const { return dropped_[static_cast<std::size_t>(why)].get(); }

  std::optional<net::PacketPool> pool_;
  Reassembly::Drops dropped_;
  std::unique_ptr<Reassembly> reassembly_;
  std::uint64_t now_ns_ = 1'000'000'000;
};

/// A frame for `payload` as Penstock sends it, with a complete checksum.
inline net::FrameBytes datagram_frame(const net::Endpoint& source, const net::Endpoint& destination,
                                      const net::FrameBytes& payload, std::uint16_t vlan = net::kNoVlan,
                                      std::uint16_t ip_id = 0xa1d7, std::uint8_t tos = 0xb8) {
  net::DatagramHeader h{.source = source,
                        .destination = destination,
                        .payload_size = static_cast<std::uint16_t>(payload.size()),
                        .ip_id = ip_id,
                        .tos = tos,
                        .dont_fragment = false};
  h.udp_checksum = net::full_udp_checksum(h, net::fold(net::ones_sum(payload)));
  const std::size_t headers = net::headers_size(!source.address.is_v4(), vlan != net::kNoVlan);
  net::FrameBytes frame = net::FrameBytes(headers) + payload;
  net::write_headers(frame.data() + headers, {{2, 0, 0, 0, 0, 0x0b}, {2, 0, 0, 0, 0, 0x0a}, vlan}, h);
  return frame;
}

}  // namespace penstock::port

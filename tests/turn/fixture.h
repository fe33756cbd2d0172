#pragma once
// What TURN tests have in common: a bed, a client, a peer, and the packet equation at the end of every scenario.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/turn/client.h"

namespace penstock::turn::test {

inline const net::Endpoint kAda{net::Address::v4(0xc0000201), 40000};       // 192.0.2.1
inline const net::Endpoint kBob{net::Address::v4(0xc0000202), 40001};       // 192.0.2.2
inline const net::Endpoint kPeer{net::Address::v4(0x09090909), 5000};       // 9.9.9.9
inline const net::Endpoint kOtherPeer{net::Address::v4(0x08080808), 6000};  // 8.8.8.8
inline const net::Endpoint kPeer6{{{0x26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}}, 5000};
inline const net::Endpoint kDenied{net::Address::v4(0x0a000001), 22};  // 10.0.0.1

class TurnTest : public testing::Test {
 protected:
  explicit TurnTest(BedOptions options = {}) : bed(std::move(options)) {}
  void TearDown() override { EXPECT_EQ(bed.equation_error(), ""); }

  std::uint64_t drops(net::Drop reason) { return bed.drops(reason); }
  /// A datagram from a peer arrives at a relayed endpoint.
  bool from_peer(const net::Endpoint& relayed, const net::Endpoint& peer, std::span<const std::uint8_t> bytes,
                 std::uint8_t tos = 0) {
    const auto worker = bed.worker_of(relayed);
    if (!worker || !bed.inject(*worker, relayed, peer, bytes, tos)) return false;
    bed.run();
    return true;
  }
  std::vector<Payload> sent_to(const net::Endpoint& remote) {
    std::vector<Payload> out;
    for (Sent& s : bed.take(remote)) out.push_back(std::move(s.datagram.bytes));
    return out;
  }

  TestBed bed;
  Client ada{bed, kAda};
};

}  // namespace penstock::turn::test

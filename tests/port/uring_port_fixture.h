#pragma once
// A port over kernel sockets on loopback, and what its tests do with it.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <numeric>
#include <vector>

#include "dataplane/port/uring/port.h"
#include "tests/port/far_socket.h"

namespace penstock::port::test {

using Bytes = std::vector<std::uint8_t>;
using std::chrono::steady_clock;

inline const net::Address kLoopback4 = net::Address::v4(0x7f000001);
inline const net::Address kLoopback6 = *net::parse_address("::1");

inline Bytes counting(std::size_t n, std::uint8_t from = 0) {
  Bytes b(n);
  std::iota(b.begin(), b.end(), from);
  return b;
}

class UringPortTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(net::start_environment(512)); }
  void SetUp() override { make({.slabs = 64, .packets = 1024}); }
  void TearDown() override { drop_all(); }

  void make(const UringOptions& options) {
    auto port = UringPort::create(options);
    ASSERT_TRUE(port) << port.error();
    port_ = std::move(*port);
    next_port_ = 20000;
  }
  /// Binds some free port of `address`.
  net::LocalId bind(const net::Address& address, BindOptions options = {}) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      const auto id = port_->bind({address, next_port_++}, options);
      if (id) return *id;
    }
    ADD_FAILURE() << "no port to bind";
    return net::kNoLocal;
  }
  /// Receives until `n` packets are in the burst, for a second at most.
  void receive(std::size_t n) {
    const auto end = steady_clock::now() + std::chrono::seconds(1);
    port_->receive(burst_);
    while (burst_.size < n && steady_clock::now() < end) {
      port_->wait(10'000'000);
      port_->receive(burst_);
    }
    ASSERT_EQ(burst_.size, n);
  }
  /// Nothing comes.
  void expect_silence() {
    for (int i = 0; i < 3; ++i) {
      port_->wait(5'000'000);
      port_->receive(burst_);
    }
    EXPECT_EQ(burst_.size, 0U);
  }
  void drop_all() {
    rte_pktmbuf_free_bulk(burst_.packets.data(), burst_.size);
    burst_.clear();
  }
  void send_all_to(net::LocalId local, const net::Endpoint& remote) {
    for (net::Packet* p : burst_) {
      net::info(p).local = local;
      net::info(p).remote = remote;
    }
    port_->transmit(burst_);
  }
  std::uint64_t dropped(net::Drop reason) const {
    return port_->counters().dropped[static_cast<std::size_t>(reason)].get();
  }
  std::uint64_t all_dropped() const {
    std::uint64_t sum = 0;
    for (const auto& c : port_->counters().dropped) sum += c.get();
    return sum;
  }

  std::unique_ptr<UringPort> port_;
  net::Burst burst_;
  std::uint16_t next_port_ = 20000;
};

}  // namespace penstock::port::test

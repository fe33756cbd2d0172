// A device that the kernel cannot see: the test is the device, and whoever is on its wire.

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "dataplane/port/kernel/kernel_mirror.h"
#include "tests/port/network_namespace.h"

namespace penstock::port {
namespace {

using Bytes = std::vector<std::uint8_t>;
using ::testing::HasSubstr;

constexpr net::MacAddress kOurMac{0x02, 0, 0, 0, 0, 0x01};
constexpr net::MacAddress kFarMac{0x02, 0, 0, 0, 0, 0x02};
constexpr std::uint64_t kS = 1'000'000'000;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes bytes(const net::MacAddress& mac) {
  return {mac.begin(), mac.end()};
}
Bytes arp(std::uint8_t operation, const net::MacAddress& target_mac, const Bytes& sender_ip, const Bytes& target_ip) {
  return bytes(operation == 1 ? net::MacAddress{0xff, 0xff, 0xff, 0xff, 0xff, 0xff} : target_mac) + bytes(kFarMac) +
         Bytes{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation} + bytes(kFarMac) + sender_ip + bytes(target_mac) +
         target_ip;
}
std::uint16_t internet_checksum(std::span<const std::uint8_t> data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{data[i]} << 8 : data[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
void put16(Bytes& b, std::size_t at, std::uint16_t value) {
  b[at] = static_cast<std::uint8_t>(value >> 8);
  b[at + 1] = static_cast<std::uint8_t>(value);
}
const Bytes kOurIp{192, 0, 2, 1}, kFarIp{192, 0, 2, 2};

Bytes ipv4(std::uint8_t protocol, const Bytes& body) {
  Bytes head{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0};
  head = head + kFarIp + kOurIp;
  put16(head, 2, static_cast<std::uint16_t>(head.size() + body.size()));
  put16(head, 10, internet_checksum(head));
  return bytes(kOurMac) + bytes(kFarMac) + Bytes{0x08, 0x00} + head + body;
}
Bytes ping(std::uint8_t number) {
  Bytes echo{8, 0, 0, 0, 0x12, 0x34, 0, number};
  put16(echo, 2, internet_checksum(echo));
  return ipv4(IPPROTO_ICMP, echo);
}
/// To a port that nobody has.
Bytes stray_datagram() {
  return ipv4(IPPROTO_UDP, {0x30, 0x39, 0x27, 0x0f, 0, 8, 0, 0});
}

class KernelTapTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!enter_new_network()) GTEST_SKIP() << "needs the privilege to make network namespaces";
    if (access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/net/tun";
    auto tap = Tap::create(options_);
    ASSERT_TRUE(tap) << tap.error();
    std::vector<MirrorDevice> devices;
    devices.push_back({.device = 3, .tap = std::move(*tap)});
    auto mirror = KernelMirror::create(std::move(devices), 2, [this] { wakes_.fetch_add(1); });
    ASSERT_TRUE(mirror) << mirror.error();
    mirror_ = std::move(*mirror);
    path_ = mirror_->exception_path(3);
    ASSERT_NE(path_, nullptr);
    EXPECT_EQ(mirror_->exception_path(4), nullptr);
  }

  bool punt(const Bytes& frame) { return path_->punt(1, frame, now_ns_); }
  /// The next frame of the kernel's that `wanted` accepts, within five seconds; empty when none came.
  Bytes injected(const std::function<bool(const Bytes&)>& wanted) {
    Bytes found;
    eventually(
        [&] {
          const auto frame = path_->next_injected();
          if (frame.empty()) return false;
          found.assign(frame.begin(), frame.end());
          path_->pop_injected();
          return wanted(found);
        },
        std::chrono::seconds(5));
    return wanted(found) ? found : Bytes{};
  }
  static bool is_arp(const Bytes& f, std::uint8_t operation) {
    return f.size() >= 42 && f[12] == 0x08 && f[13] == 0x06 && f[21] == operation;
  }
  static bool is_ipv4(const Bytes& f, std::uint8_t protocol) {
    return f.size() >= 34 && f[12] == 0x08 && f[13] == 0x00 && f[23] == protocol;
  }

  TapOptions options_{
      .name = "pen0",
      .mac = kOurMac,
      .mtu = 1400,
      .addresses = {*parse_interface_address("192.0.2.1/24"), *parse_interface_address("2001:db8::1/64")},
      .gateways = {net::Address::v4(0xc0000202), *net::parse_address("2001:db8::2")}};
  std::atomic<unsigned> wakes_{0};
  std::unique_ptr<KernelMirror> mirror_;
  ExceptionPath* path_ = nullptr;
  std::uint64_t now_ns_ = kS;
};

TEST_F(KernelTapTest, TheKernelAnswersArpAndPing) {
  ASSERT_TRUE(punt(arp(1, {}, kFarIp, kOurIp)));
  const Bytes reply = injected([](const Bytes& f) { return is_arp(f, 2); });
  ASSERT_FALSE(reply.empty());
  EXPECT_TRUE(std::equal(kFarMac.begin(), kFarMac.end(), reply.begin()));
  EXPECT_TRUE(std::equal(kOurMac.begin(), kOurMac.end(), reply.begin() + 22)) << "we are at our MAC";

  ASSERT_TRUE(punt(ping(1)));
  const Bytes pong = injected([](const Bytes& f) { return is_ipv4(f, IPPROTO_ICMP); });
  ASSERT_FALSE(pong.empty());
  EXPECT_EQ(pong[34], 0) << "echo reply";
  EXPECT_TRUE(std::equal(kFarMac.begin(), kFarMac.end(), pong.begin()));
  EXPECT_GT(wakes_.load(), 0U);
  EXPECT_EQ(path_->punted(PuntClass::neighbour), 1U);
  EXPECT_EQ(path_->punted(PuntClass::icmp), 1U);
  EXPECT_TRUE(eventually([&] { return path_->counters().delivered.get() == 2; }));
}

TEST_F(KernelTapTest, OurHopsAreResolvedOverTheTap) {
  auto view = *mirror_->create_view();
  const net::PathId path = view->resolve(net::Address::v4(0xc0000201), net::Address::v4(0x08080808));
  ASSERT_NE(path, net::kNoPath) << "by the gateway given to the tap";
  const Bytes request = injected([](const Bytes& f) { return is_arp(f, 1); });
  ASSERT_FALSE(request.empty()) << "the kernel asks";
  EXPECT_TRUE(std::equal(kOurIp.begin(), kOurIp.end(), request.begin() + 28)) << "with our address";
  ASSERT_TRUE(punt(arp(2, kOurMac, kFarIp, kOurIp)));
  EXPECT_TRUE(eventually([&] {
    view->refresh();
    return view->hop(path) != nullptr && view->hop(path)->load_link().state() == HopState::reachable;
  }));
  EXPECT_EQ(view->hop(path)->load_link().mac(), kFarMac);
  EXPECT_EQ(view->interface(*view->hop(path)).device, 3);
  EXPECT_EQ(view->interface(*view->hop(path)).mac_address(), kOurMac);
  EXPECT_EQ(view->mtu(*view->hop(path)), 1400U);
  EXPECT_NE(view->resolve({}, *net::parse_address("2001:4860::1")), net::kNoPath);
}

TEST_F(KernelTapTest, TheDevicesLinkIsTheTapsCarrier) {
  ASSERT_TRUE(run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev pen0"));
  auto view = *mirror_->create_view();
  const auto state_becomes = [&](HopState state) {
    return eventually([&] {
      view->refresh();
      const Hop* hop = view->hop(view->resolve({}, net::Address::v4(0xc0000202)));
      return hop != nullptr && hop->load_link().state() == state;
    });
  };
  EXPECT_TRUE(state_becomes(HopState::reachable));
  ASSERT_TRUE(path_->set_link(false));
  EXPECT_TRUE(state_becomes(HopState::failed));
  ASSERT_TRUE(path_->set_link(true));
  EXPECT_TRUE(state_becomes(HopState::reachable));
  EXPECT_TRUE(run("ip neigh show nud permanent dev pen0 | grep -q 192.0.2.2")) << "a static entry stays one";
}

TEST_F(KernelTapTest, AFloodToPortsOfNobodyStarvesNoArp) {
  unsigned punted = 0;
  for (int i = 0; i < 20'000; ++i) punted += punt(stray_datagram());
  EXPECT_LE(punted, 2 * kPuntLimits[static_cast<std::size_t>(PuntClass::datagram)].burst);
  EXPECT_EQ(path_->punt_dropped(PuntClass::datagram), 20'000U - punted);
  EXPECT_TRUE(punt(arp(1, {}, kFarIp, kOurIp)));
  EXPECT_TRUE(punt(ping(1)));
  EXPECT_FALSE(injected([](const Bytes& f) { return is_arp(f, 2); }).empty());
  EXPECT_FALSE(injected([](const Bytes& f) { return is_ipv4(f, IPPROTO_ICMP) && f[34] == 0; }).empty());
}

TEST_F(KernelTapTest, TheKernelsDatagramsHaveFinishedChecksums) {
  ASSERT_TRUE(run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev pen0"));
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(4000);
  to.sin_addr.s_addr = htonl(0xc0000202);
  ASSERT_EQ(sendto(fd, "hello", 5, 0, reinterpret_cast<sockaddr*>(&to), sizeof to), 5);
  close(fd);
  const Bytes frame = injected([](const Bytes& f) { return is_ipv4(f, IPPROTO_UDP); });
  ASSERT_FALSE(frame.empty());
  Bytes pseudo(frame.begin() + 26, frame.begin() + 34);
  pseudo = pseudo + Bytes{0, IPPROTO_UDP, 0, 13} + Bytes(frame.begin() + 34, frame.begin() + 34 + 13);
  EXPECT_EQ(internet_checksum(pseudo), 0);
}

TEST_F(KernelTapTest, WhatWorkerZeroDoesNotTakeIsDroppedAndCounted) {
  ASSERT_TRUE(run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev pen0"));
  EXPECT_TRUE(eventually([&] {
    return run("ping -q -c 2000 -l 2000 -w 1 192.0.2.2 >/dev/null; true") && path_->counters().inject_dropped.get() > 0;
  }));
  EXPECT_GE(path_->counters().injected.get(), 1000U);
}

TEST_F(KernelTapTest, RefusalsSayWhatToDo) {
  TapOptions again = options_;
  EXPECT_THAT(Tap::create(again).error(), HasSubstr("choose another name"));
  again.name = "a-name-that-is-too-long";
  EXPECT_THAT(Tap::create(again).error(), HasSubstr("1 to 15 characters"));
  again = {.name = "pen1", .mac = kFarMac, .addresses = {}, .gateways = {net::Address::v4(0x0a000001)}};
  EXPECT_THAT(Tap::create(again).error(), HasSubstr("is it within its networks?"));
  EXPECT_FALSE(run("ip link show pen1 >/dev/null 2>&1")) << "what fails leaves nothing behind";
}

TEST(PuntClassOf, TellsWhatTheLinkNeedsFromTheRest) {
  const auto in_ipv6 = [](std::uint8_t next_header, std::uint8_t first) {
    Bytes frame = bytes(kOurMac) + bytes(kFarMac) + Bytes{0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, next_header, 255};
    frame.resize(14 + 40);
    return frame + Bytes{first, 0, 0, 0, 0, 0, 0, 0};
  };
  const auto tagged = [](Bytes frame) {
    const Bytes tag{0x81, 0x00, 0x00, 0x07};
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    return frame;
  };
  const std::pair<Bytes, PuntClass> cases[] = {
      {arp(1, {}, kFarIp, kOurIp), PuntClass::neighbour},
      {tagged(arp(1, {}, kFarIp, kOurIp)), PuntClass::neighbour},
      {in_ipv6(IPPROTO_ICMPV6, 135), PuntClass::neighbour},
      {in_ipv6(IPPROTO_ICMPV6, 128), PuntClass::icmp},
      {in_ipv6(IPPROTO_UDP, 0), PuntClass::datagram},
      {in_ipv6(IPPROTO_TCP, 0), PuntClass::other},
      {ping(1), PuntClass::icmp},
      {tagged(ping(1)), PuntClass::icmp},
      {stray_datagram(), PuntClass::datagram},
      {ipv4(IPPROTO_TCP, {}), PuntClass::other},
      {bytes(kOurMac) + bytes(kFarMac) + Bytes{0x88, 0xcc}, PuntClass::other},
  };
  for (const auto& [frame, expected] : cases) {
    EXPECT_EQ(classify_punt(frame), expected);
    for (std::size_t size = 0; size < frame.size(); ++size) {  // under ASan: nothing behind the end is read
      const Bytes cut(frame.begin(), frame.begin() + size);
      classify_punt(cut);
    }
  }
}

TEST(TokenBucketTest, ABurstThenTheRate) {
  TokenBucket bucket(100, 10);
  unsigned taken = 0;
  for (int i = 0; i < 50; ++i) taken += bucket.take(kS);
  EXPECT_EQ(taken, 10U);
  for (int i = 1; i <= 1000; ++i) taken += bucket.take(kS + i * kS / 1000);
  EXPECT_EQ(taken, 110U);
  EXPECT_FALSE(bucket.take(kS)) << "time that goes back gives nothing";
}

TEST(FrameRingTest, FramesCrossInOrderBetweenThreads) {
  FrameRing ring(64, 64);
  EXPECT_TRUE(ring.front().empty());
  EXPECT_FALSE(ring.push(Bytes(65)));
  EXPECT_FALSE(ring.push({}));
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < 2'000;) {
      const Bytes frame(1 + i % 64, static_cast<std::uint8_t>(i));
      if (ring.push(frame)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (std::uint32_t i = 0; i < 2'000;) {
    const auto frame = ring.front();
    if (frame.empty()) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(frame.size(), 1 + i % 64);
    ASSERT_EQ(frame.back(), static_cast<std::uint8_t>(i));
    ring.pop();
    ++i;
  }
  sender.join();
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(ring.push(Bytes(1)));
  EXPECT_FALSE(ring.push(Bytes(1)));
}

}  // namespace
}  // namespace penstock::port

// Frames through the XDP program as the kernel runs it (BPF_PROG_TEST_RUN): which ones it takes.

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dataplane/port/xdp/filter.h"
#include "tests/port/xdp_driver.h"
#include "tests/port/xdp_frames.h"

namespace penstock::port {
namespace {

using namespace frames;

constexpr const char* kUs4 = "192.0.2.1";
constexpr const char* kUs6 = "2001:db8::1";
constexpr const char* kThem4 = "198.51.100.7";
constexpr const char* kThem6 = "2001:db8:7::7";
constexpr std::uint16_t kOurs = 3478;
constexpr std::uint16_t kTheirs = 40000;

struct Case {
  const char* name;
  Bytes frame;
  bool taken;
};

Bytes to_us4(unsigned port = kOurs, const Ipv4Fields& fields = {}) {
  return ipv4(kThem4, kUs4, udp(kTheirs, port), fields);
}
Bytes to_us6(unsigned port = kOurs) {
  return ipv6(kThem6, kUs6, kUdp, udp(kTheirs, port));
}
// What we sent, as errors quote it.
Bytes from_us4(unsigned port = kOurs, const Ipv4Fields& fields = {}) {
  return ipv4(kUs4, kThem4, udp(port, kTheirs, ""), fields);
}
Bytes from_us6(unsigned port = kOurs) {
  return ipv6(kUs6, kThem6, kUdp, udp(port, kTheirs, ""));
}
Bytes error4(unsigned type, unsigned code, const Bytes& quoted) {
  return ethernet4(ipv4("203.0.113.1", kUs4, icmp(type, code, quoted), {.protocol = kIcmp}));
}
Bytes error6(unsigned type, unsigned code, const Bytes& quoted) {
  return ethernet6(ipv6("2001:db8:9::1", kUs6, kIcmpv6, icmp(type, code, quoted)));
}
Bytes extended(unsigned first, const Bytes& rest) {
  return ethernet6(ipv6(kThem6, kUs6, first, rest));
}

std::vector<Case> cases() {
  const Bytes datagram = udp(kTheirs, kOurs);
  return {
      {"IPv4 to an open port", ethernet4(to_us4()), true},
      {"IPv6 to an open port", ethernet6(to_us6()), true},
      {"empty payload", ethernet4(ipv4(kThem4, kUs4, udp(kTheirs, kOurs, ""))), true},
      {"IPv4 in a VLAN", tagged(0x0800, to_us4()), true},
      {"IPv6 in a VLAN", tagged(0x86dd, to_us6()), true},
      {"two VLAN tags", ethernet(0x8100, u16(1) + u16(0x8100) + u16(2) + u16(0x0800) + to_us4()), false},
      {"802.1ad tag", ethernet(0x88a8, u16(1) + u16(0x0800) + to_us4()), false},
      {"IPv4 options", ethernet4(to_us4(kOurs, {.options = Bytes(8, '\x01')})), true},
      {"as many IPv4 options as there can be", ethernet4(to_us4(kOurs, {.options = Bytes(40, '\x01')})), true},
      {"don't fragment", ethernet4(to_us4(kOurs, {.fragment = 0x4000})), true},
      {"later fragment whose bytes look like our port", ethernet4(to_us4(kOurs, {.fragment = 0x0001})), false},
      {"the last fragment there can be", ethernet4(to_us4(kOurs, {.fragment = 0x1000})), false},
      {"another port", ethernet4(to_us4(kOurs + 1)), false},
      {"the port 64 below", ethernet4(to_us4(kOurs - 64)), false},
      {"port 0", ethernet4(to_us4(0)), false},
      {"another port, IPv6", ethernet6(to_us6(kOurs + 1)), false},
      {"the highest port, open", ethernet4(to_us4(65535)), true},
      {"another address", ethernet4(ipv4(kThem4, "192.0.2.2", datagram)), false},
      {"another address, IPv6", ethernet6(ipv6(kThem6, "2001:db8::2", kUdp, datagram)), false},
      {"IPv6 v4-mapped form of our IPv4 address with nothing there", extended(kNoNext, datagram), false},
      {"our port as the source", ethernet4(ipv4(kUs4, kThem4, udp(kOurs, kTheirs))), false},
      {"TCP to the same port", ethernet4(to_us4(kOurs, {.protocol = kTcp})), false},
      {"TCP to the same port, IPv6", extended(kTcp, datagram), false},
      {"ARP", ethernet(0x0806, Bytes(28, '\x01')), false},
      {"garbage type", ethernet(0x1234, Bytes(64, '\x45')), false},
      {"IPv4 version in an IPv6 frame", ethernet6(to_us4() + Bytes(40, '\0')), false},
      {"IPv6 version in an IPv4 frame", ethernet4(to_us6()), false},
      {"IPv4 header length below 5", ethernet4(to_us4(kOurs, {.ihl = 4})), false},
      {"IPv4 header longer than the frame", ethernet4(to_us4(kOurs, {.ihl = 15})), false},

      {"hop-by-hop options", extended(kHopByHop, extension(kUdp) + datagram), true},
      {"destination options of 24 bytes", extended(kDestination, extension(kUdp, 2) + datagram), true},
      {"hop-by-hop, routing, destination options",
       extended(kHopByHop, extension(kRouting) + extension(kDestination) + extension(kUdp) + datagram), true},
      {"more extension headers than anybody sends",
       extended(kDestination, extension(kDestination) + extension(kDestination) + extension(kDestination) +
                                  extension(kDestination) + extension(kUdp) + datagram),
       false},
      {"extension header longer than the frame", extended(kHopByHop, extension(kUdp).replace(1, 1, "\xff") + datagram),
       false},
      {"atomic fragment (RFC 6946)", extended(kFragment, fragment(kUdp, 0, false) + datagram), true},

      {"later IPv6 fragment whose bytes look like our port",
       extended(kFragment, fragment(kUdp, 0x1000, false, 1) + datagram), false},

      {"port unreachable", error4(3, 3, from_us4()), true},
      {"fragmentation needed", error4(3, 4, from_us4()), true},
      {"fragmentation needed, VLAN",
       tagged(0x0800, ipv4("203.0.113.1", kUs4, icmp(3, 4, from_us4()), {.protocol = kIcmp})), true},
      {"time exceeded", error4(11, 0, from_us4()), true},
      {"parameter problem", error4(12, 0, from_us4()), true},
      {"quoted with options", error4(3, 1, from_us4(kOurs, {.options = Bytes(12, '\x01')})), true},
      {"quoted first fragment", error4(3, 4, from_us4(kOurs, {.fragment = 0x2000})), true},
      {"quoted later fragment", error4(3, 1, from_us4(kOurs, {.fragment = 0x2010})), false},
      {"error about another port", error4(3, 3, from_us4(kOurs + 1)), false},
      {"error about another host's datagram", error4(3, 3, ipv4(kThem4, kUs4, udp(kOurs, kOurs))), false},
      {"error about TCP", error4(3, 3, from_us4(kOurs, {.protocol = kTcp})), false},
      {"error with half a quotation", error4(3, 3, from_us4().substr(0, 24)), false},
      {"redirect", error4(5, 1, from_us4()), false},
      {"echo request", error4(8, 0, from_us4()), false},
      {"echo reply", error4(0, 0, from_us4()), false},
      {"fragment of an ICMP error",
       ethernet4(ipv4(kThem4, kUs4, icmp(3, 3, from_us4()), {.protocol = kIcmp, .fragment = 0x2000})), false},

      {"ICMPv6 port unreachable", error6(1, 4, from_us6()), true},
      {"ICMPv6 too big", error6(2, 0, from_us6()), true},
      {"ICMPv6 time exceeded", error6(3, 0, from_us6()), true},
      {"ICMPv6 parameter problem", error6(4, 1, from_us6()), true},
      {"ICMPv6 error quoting extension headers",
       error6(2, 0, ipv6(kUs6, kThem6, kDestination, extension(kUdp) + udp(kOurs, kTheirs))), true},
      {"ICMPv6 error behind options",
       ethernet6(ipv6(kThem6, kUs6, kHopByHop, extension(kIcmpv6) + icmp(2, 0, from_us6()))), true},
      {"ICMPv6 error about another port", error6(2, 0, from_us6(kOurs + 1)), false},
      {"ICMPv6 echo request", error6(128, 0, from_us6()), false},
      {"neighbour solicitation", error6(135, 0, from_us6()), false},
      {"type 0", error6(0, 0, from_us6()), false},
      {"ICMP of IPv4 in IPv6", ethernet6(ipv6(kThem6, kUs6, kIcmp, icmp(3, 3, from_us4()))), false},
      {"ICMPv6 in IPv4", ethernet4(ipv4(kThem4, kUs4, icmp(1, 4, from_us6()), {.protocol = kIcmpv6})), false},
  };
}

class XdpProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_xdp(); !reason.empty()) GTEST_SKIP() << reason;
    auto filter = XdpFilter::create();
    ASSERT_TRUE(filter) << filter.error();
    filter_ = std::move(*filter);
    ASSERT_TRUE(filter_->prepare(loopback()));
    driver_ = std::make_unique<XdpDriver>(filter_->program_path(), loopback());
    ASSERT_GE(driver_->program(), 0);
    const auto connected = filter_->connect(loopback());
    ASSERT_TRUE(connected) << connected.error();
    for (const char* text : {kUs4, kUs6}) {
      const auto index = filter_->add_address(address(text));
      ASSERT_TRUE(index) << index.error();
      filter_->open(*index, kOurs);
      filter_->open(*index, 65535);
    }
    ASSERT_TRUE(driver_->serve());
  }

  bool takes(const Bytes& frame) {
    const int verdict = driver_->run(frame);
    EXPECT_TRUE(verdict == XDP_PASS || verdict == XDP_REDIRECT) << verdict;
    return verdict == XDP_REDIRECT;
  }

  std::unique_ptr<XdpFilter> filter_;
  std::unique_ptr<XdpDriver> driver_;
};

TEST_F(XdpProgramTest, TakesWhatIsOursAndNothingElse) {
  for (const Case& c : cases()) EXPECT_EQ(takes(c.frame), c.taken) << c.name;
}

TEST_F(XdpProgramTest, NeverTakesAFrameThatEndsBeforeThePorts) {
  for (const Case& c : cases()) {
    if (!c.taken) continue;
    bool taken = false;
    // The kernel runs nothing shorter than an Ethernet header.
    for (std::size_t size = 14; size <= c.frame.size(); ++size) {
      const bool takes_it = takes(c.frame.substr(0, size));
      EXPECT_TRUE(takes_it || !taken) << c.name << ": taken shorter, but not at " << size;
      EXPECT_FALSE(takes_it && size < 42) << c.name << " at " << size;
      taken = takes_it;
    }
    EXPECT_TRUE(taken) << c.name;
  }
}

TEST_F(XdpProgramTest, SurvivesMutations) {
  std::mt19937 random(1);
  const std::vector<Case> all = cases();
  for (int i = 0; i < 20000; ++i) {
    Bytes frame = all[random() % all.size()].frame;
    for (unsigned n = random() % 8; n > 0; --n) frame[random() % frame.size()] = static_cast<char>(random());
    takes(frame);
  }
}

TEST_F(XdpProgramTest, FragmentsFollowTheirFirst) {
  const Bytes first = ethernet4(to_us4(kOurs, {.id = 9, .fragment = 0x2000}));
  const Bytes middle = ethernet4(ipv4(kThem4, kUs4, Bytes(16, 'x'), {.id = 9, .fragment = 0x2002}));
  const Bytes last = ethernet4(ipv4(kThem4, kUs4, Bytes(16, 'x'), {.id = 9, .fragment = 4}));
  EXPECT_FALSE(takes(last)) << "one that overtakes its first is the kernel's";
  EXPECT_TRUE(takes(first));
  EXPECT_TRUE(takes(middle));
  EXPECT_TRUE(takes(last));
  EXPECT_FALSE(takes(ethernet4(ipv4(kThem4, kUs4, Bytes(16, 'x'), {.id = 10, .fragment = 4})))) << "another datagram";
  EXPECT_FALSE(takes(ethernet4(ipv4(kThem4, kUs4, Bytes(16, 'x'), {.protocol = kTcp, .id = 9, .fragment = 4}))));
  EXPECT_FALSE(takes(ethernet4(ipv4("198.51.100.8", kUs4, Bytes(16, 'x'), {.id = 9, .fragment = 4}))))
      << "another source";

  EXPECT_FALSE(takes(ethernet4(to_us4(kOurs + 1, {.id = 9, .fragment = 0x2000}))));
  EXPECT_FALSE(takes(last)) << "identification used again for a datagram of the kernel's";
}

TEST_F(XdpProgramTest, Ipv6FragmentsFollowTheirFirst) {
  const Bytes last = extended(kFragment, fragment(kUdp, 4, false, 9) + Bytes(16, 'x'));
  EXPECT_FALSE(takes(last));
  EXPECT_TRUE(takes(extended(kFragment, fragment(kUdp, 0, true, 9) + udp(kTheirs, kOurs))));
  EXPECT_TRUE(takes(last));
  EXPECT_TRUE(takes(extended(kHopByHop, extension(kFragment) + fragment(kUdp, 4, true, 9) + Bytes(16, 'x'))));
  EXPECT_FALSE(takes(extended(kFragment, fragment(kUdp, 4, false, 10) + Bytes(16, 'x'))));
  EXPECT_FALSE(takes(extended(kFragment, fragment(kTcp, 4, false, 9) + Bytes(16, 'x'))));
}

TEST_F(XdpProgramTest, CountsFrames) {
  takes(ethernet4(to_us4()));
  takes(ethernet4(to_us4(kOurs, {.fragment = 0x2000})));
  takes(error4(3, 3, from_us4()));
  takes(error4(8, 0, from_us4()));
  const XdpCounters counted = filter_->counters();
  EXPECT_EQ(counted.taken, 3U);
  EXPECT_EQ(counted.taken_fragments, 1U);
  EXPECT_EQ(counted.taken_errors, 1U);
  EXPECT_EQ(counted.passed, 1U);
  EXPECT_EQ(counted.unserved, 0U);
}

}  // namespace
}  // namespace penstock::port

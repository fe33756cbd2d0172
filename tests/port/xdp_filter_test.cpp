// The filter of an interface from its claim to its end, with what DPDK's driver does in between.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <thread>
#include <vector>

#include "dataplane/port/xdp/filter.h"
#include "tests/port/xdp_driver.h"
#include "tests/port/xdp_frames.h"

namespace penstock::port {
namespace {

using namespace frames;
using ::testing::HasSubstr;

class XdpFilterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_xdp(); !reason.empty()) GTEST_SKIP() << reason;
    ASSERT_EQ(running(loopback()), 0U);
  }
  void TearDown() override { bpf_xdp_detach(static_cast<int>(loopback()), 0, nullptr); }

  static std::unique_ptr<XdpFilter> make() {
    auto filter = XdpFilter::create();
    EXPECT_TRUE(filter) << filter.error();
    return filter ? std::move(*filter) : nullptr;
  }

  static Bytes datagram_to(const char* text, unsigned port) {
    return ethernet4(ipv4("198.51.100.7", text, udp(4000, port)));
  }
};

TEST_F(XdpFilterTest, OpensAndClosesPortsFromTheNextFrameOn) {
  const auto filter = make();
  ASSERT_TRUE(filter->prepare(loopback()));
  XdpDriver driver(filter->program_path(), loopback());
  ASSERT_TRUE(filter->connect(loopback()));
  EXPECT_TRUE(filter->is_generic());  // the loopback interface has no XDP of its own
  ASSERT_TRUE(driver.serve());
  const auto one = filter->add_address(address("192.0.2.1"));
  const auto two = filter->add_address(address("192.0.2.2"));
  ASSERT_TRUE(one && two);
  EXPECT_NE(*one, *two);
  EXPECT_EQ(*filter->add_address(address("192.0.2.1")), *one);

  EXPECT_EQ(driver.run(datagram_to("192.0.2.2", 5000)), XDP_PASS);
  filter->open(*two, 5000);
  EXPECT_EQ(driver.run(datagram_to("192.0.2.2", 5000)), XDP_REDIRECT);
  EXPECT_EQ(driver.run(datagram_to("192.0.2.1", 5000)), XDP_PASS);
  filter->open(*two, 5001);
  filter->close(*two, 5000);
  EXPECT_EQ(driver.run(datagram_to("192.0.2.2", 5000)), XDP_PASS);
  EXPECT_EQ(driver.run(datagram_to("192.0.2.2", 5001)), XDP_REDIRECT);
}

TEST_F(XdpFilterTest, LeavesWhatNobodyServesToTheKernel) {
  const auto filter = make();
  ASSERT_TRUE(filter->prepare(loopback()));
  const XdpDriver driver(filter->program_path(), loopback());
  ASSERT_TRUE(filter->connect(loopback()));
  filter->open(*filter->add_address(address("192.0.2.1")), 5000);
  EXPECT_EQ(driver.run(datagram_to("192.0.2.1", 5000)), XDP_PASS);
  EXPECT_EQ(filter->counters().unserved, 1U);
  EXPECT_EQ(filter->counters().taken, 0U);
}

TEST_F(XdpFilterTest, HoldsAsManyAddressesAsItSays) {
  const auto filter = make();
  ASSERT_TRUE(filter->prepare(loopback()));
  const XdpDriver driver(filter->program_path(), loopback());
  ASSERT_TRUE(filter->connect(loopback()));
  for (std::uint32_t n = 0; n < PENSTOCK_XDP_ADDRESSES; ++n) {
    ASSERT_EQ(*filter->add_address(net::Address::v4(0x0a000000 + n)), n);
  }
  EXPECT_THAT(filter->add_address(net::Address::v4(0x0b000000)).error(), HasSubstr("256"));
}

TEST_F(XdpFilterTest, ManyThreadsOpenPortsOfOneWord) {
  const auto filter = make();
  ASSERT_TRUE(filter->prepare(loopback()));
  XdpDriver driver(filter->program_path(), loopback());
  ASSERT_TRUE(filter->connect(loopback()));
  ASSERT_TRUE(driver.serve());
  const std::uint8_t index = *filter->add_address(address("192.0.2.1"));
  constexpr unsigned kThreads = 4;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 2000; ++round) {
        for (unsigned port = 6400 + t; port < 6464; port += kThreads) {
          round % 2 == 0 ? filter->open(index, static_cast<std::uint16_t>(port))
                         : filter->close(index, static_cast<std::uint16_t>(port));
        }
      }
      for (unsigned port = 6400 + t; port < 6464; port += 2 * kThreads) {
        filter->open(index, static_cast<std::uint16_t>(port));
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (unsigned port = 6400; port < 6464; ++port) {
    const int expected = port % (2 * kThreads) < kThreads ? XDP_REDIRECT : XDP_PASS;
    EXPECT_EQ(driver.run(datagram_to("192.0.2.1", port)), expected) << port;
  }
}

TEST_F(XdpFilterTest, TakesItsProgramAway) {
  {
    const auto filter = make();
    ASSERT_TRUE(filter->prepare(loopback()));
    const XdpDriver driver(filter->program_path(), loopback());
    ASSERT_TRUE(filter->connect(loopback()));
    EXPECT_NE(running(loopback()), 0U);
  }
  EXPECT_EQ(running(loopback()), 0U);
}

TEST_F(XdpFilterTest, ClearsAwayWhatAKilledProcessLeft) {
  const auto filter = make();
  const pid_t child = fork();
  if (child == 0) {
    const bool claimed = filter->prepare(loopback()).has_value();
    const XdpDriver driver(filter->program_path(), loopback());
    _exit(claimed && driver.program() >= 0 ? 0 : 1);  // nothing is tidied up
  }
  int status = -1;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_NE(running(loopback()), 0U);

  const auto prepared = filter->prepare(loopback());
  ASSERT_TRUE(prepared) << prepared.error();
  EXPECT_THAT(*prepared, HasSubstr("killed"));
  EXPECT_EQ(running(loopback()), 0U);
}

TEST_F(XdpFilterTest, RefusesAnInterfaceThatAnotherPenstockServes) {
  const auto first = make();
  ASSERT_TRUE(first->prepare(loopback()));
  const XdpDriver driver(first->program_path(), loopback());
  const auto second = make();
  EXPECT_THAT(second->prepare(loopback()).error(), HasSubstr("another Penstock already serves interface lo"));
  EXPECT_NE(running(loopback()), 0U);
}

TEST_F(XdpFilterTest, LeavesAForeignProgramAlone) {
  const std::array<bpf_insn, 2> pass = {
      {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}}};
  const Descriptor foreign(bpf_prog_load(BPF_PROG_TYPE_XDP, "firewall", "", pass.data(), pass.size(), nullptr));
  ASSERT_TRUE(foreign);
  ASSERT_EQ(bpf_xdp_attach(static_cast<int>(loopback()), foreign.get(), 0, nullptr), 0);
  const std::uint32_t id = running(loopback());

  const auto filter = make();
  EXPECT_THAT(filter->prepare(loopback()).error(), HasSubstr("'firewall'"));
  EXPECT_EQ(running(loopback()), id);
}

TEST_F(XdpFilterTest, SaysWhatIsWrong) {
  const auto filter = make();
  EXPECT_THAT(filter->prepare(9999).error(), HasSubstr("no interface #9999"));
  EXPECT_THAT(filter->connect(loopback()).error(), HasSubstr("not prepared"));
  ASSERT_TRUE(filter->prepare(loopback()));
  EXPECT_THAT(filter->connect(loopback()).error(), HasSubstr("no XDP program"));
}

}  // namespace
}  // namespace penstock::port

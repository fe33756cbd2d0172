#include "control/startup/locked_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::control {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Finding> findings(const char* device, const LockLimit& limit) {
  return check_locked_memory(std::vector{*port::parse_device_spec(device)}, 64, limit);
}

constexpr std::uint64_t kMegabyte = 1 << 20;

TEST(LockedMemory, TooLittleIsRefusedWithTheFix) {
  for (const char* device : {"0000:01:00.0", "net_af_xdp,iface=eth1"}) {
    const auto found = findings(device, {63 * kMegabyte, false});
    ASSERT_EQ(found.size(), 1U) << device;
    EXPECT_TRUE(found[0].refuse);
    EXPECT_THAT(found[0].what, HasSubstr("64 MB, and this process may pin 63 MB"));
    EXPECT_THAT(found[0].fix, HasSubstr("LimitMEMLOCK=infinity"));
  }
}

TEST(LockedMemory, EnoughOrNoneNeededIsFine) {
  EXPECT_THAT(findings("0000:01:00.0", {64 * kMegabyte, false}), IsEmpty());
  EXPECT_THAT(findings("0000:01:00.0", {0, true}), IsEmpty());
  EXPECT_THAT(findings("0000:01:00.0", {}), IsEmpty());
  EXPECT_THAT(findings("net_memif,id=0", {0, false}), IsEmpty());
}

}  // namespace
}  // namespace penstock::control

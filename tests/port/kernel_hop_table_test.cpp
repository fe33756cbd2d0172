#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "dataplane/port/kernel/hop_table.h"

namespace penstock::port {
namespace {

HopKey key(std::uint32_t number, InterfaceIndex interface = 0, std::uint16_t mtu = 0) {
  return {net::Address::v4(0x0a000000 + number), interface, mtu};
}

TEST(HopTable, OneHopPerKey) {
  const auto hops = std::make_unique<HopTable>();
  const auto first = hops->find_or_add(key(1), 5);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_new);
  EXPECT_EQ((*hops)[first->index].load_link().state(), HopState::unknown);
  EXPECT_EQ((*hops)[first->index].last_used.load(), 5U);
  const auto again = hops->find_or_add(key(1), 9);
  EXPECT_EQ(again->index, first->index);
  EXPECT_FALSE(again->is_new);
  EXPECT_NE(hops->find_or_add(key(1, 1), 5)->index, first->index) << "another interface";
  EXPECT_NE(hops->find_or_add(key(1, 0, 1400), 5)->index, first->index) << "another MTU";
  EXPECT_EQ(hops->size(), 3U);
}

TEST(HopTable, LinkCarriesStateAndMac) {
  const net::MacAddress mac{0x02, 0x11, 0x22, 0x33, 0x44, 0xfe};
  const HopLink link = HopLink::of(HopState::reachable, mac_to_word(mac));
  EXPECT_EQ(link.state(), HopState::reachable);
  EXPECT_EQ(link.mac(), mac);
}

TEST(HopTable, AFullTableStillFindsWhatItHolds) {
  const auto hops = std::make_unique<HopTable>();
  for (std::uint32_t i = 0; i < kMostHops; ++i) ASSERT_TRUE(hops->find_or_add(key(i), 0)) << i;
  EXPECT_FALSE(hops->find_or_add(key(kMostHops), 0));
  std::set<HopIndex> seen;
  for (std::uint32_t i = 0; i < kMostHops; ++i) {
    const auto found = hops->find_or_add(key(i), 0);
    ASSERT_TRUE(found && !found->is_new);
    seen.insert(found->index);
  }
  EXPECT_EQ(seen.size(), kMostHops);
  const HopIndex victim = hops->find_or_add(key(77), 0)->index;
  hops->retire(victim);
  EXPECT_FALSE(hops->holds(victim));
  EXPECT_FALSE(hops->find_or_add(key(kMostHops), 0)) << "a retired place is not free yet";
  hops->release(victim);
  EXPECT_EQ(hops->find_or_add(key(kMostHops), 0)->index, victim);
}

TEST(HopTable, PlacesComeBackForYearsOfChange) {
  const auto hops = std::make_unique<HopTable>();
  std::vector<HopIndex> held;
  for (std::uint32_t i = 0; i < 20 * kMostHops; ++i) {
    const auto added = hops->find_or_add(key(i), 0);
    ASSERT_TRUE(added && added->is_new);
    held.push_back(added->index);
    if (held.size() < 1000) continue;
    hops->retire(held.front());
    hops->release(held.front());
    held.erase(held.begin());
  }
  EXPECT_EQ(hops->size(), 999U);
}

TEST(HopTable, WorkersAddAtTheSameTime) {
  const auto hops = std::make_unique<HopTable>();
  constexpr std::uint32_t kKeys = 1500;
  std::vector<std::thread> workers;
  for (unsigned w = 0; w < 2; ++w) {
    workers.emplace_back([&] {
      for (std::uint32_t i = 0; i < kKeys; ++i) {
        const auto added = hops->find_or_add(key(i), 0);
        ASSERT_TRUE(added);
        ASSERT_EQ((*hops)[added->index].key, key(i));
      }
    });
  }
  for (auto& w : workers) w.join();
  EXPECT_GE(hops->size(), kKeys);
  EXPECT_LE(hops->size(), 2 * kKeys);
  for (std::uint32_t i = 0; i < kKeys; ++i) EXPECT_FALSE(hops->find_or_add(key(i), 0)->is_new);
}

}  // namespace
}  // namespace penstock::port

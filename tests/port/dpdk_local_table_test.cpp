#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <map>
#include <thread>

#include "dataplane/port/dpdk/local_table.h"

namespace penstock::port {
namespace {

using ::testing::HasSubstr;

constexpr unsigned kThreads = 4;
const net::Address kV4 = *net::parse_address("192.0.2.1");
const net::Address kV6 = *net::parse_address("2001:db8::1");
const net::Address kForeign = *net::parse_address("192.0.2.2");

std::unique_ptr<LocalTable> table_of(std::vector<net::Address> addresses) {
  auto table = LocalTable::create(addresses);
  EXPECT_TRUE(table);
  return std::move(*table);
}

/// Counts how often each endpoint was opened without being closed.
class OpenEndpoints final : public EndpointFilter {
 public:
  void open(std::uint8_t address, std::uint16_t port) override { at(address, port).fetch_add(1); }
  void close(std::uint8_t address, std::uint16_t port) override { at(address, port).fetch_sub(1); }
  int count(std::uint8_t address, std::uint16_t port) { return at(address, port); }

 private:
  std::atomic<int>& at(std::uint8_t address, std::uint16_t port) { return open_[address % 2][port]; }
  std::array<std::array<std::atomic<int>, 65536>, 2> open_{};
};

TEST(LocalTable, OnlyItsAddressesHaveSlots) {
  const auto table = table_of({kV6, kV4, kV4});
  EXPECT_EQ(table->addresses().size(), 2U) << "each once";
  EXPECT_NE(table->slot({kV4, 1}), table->slot({kV6, 1}));
  EXPECT_NE(table->slot({kV4, 1}), table->slot({kV4, 2}));
  EXPECT_EQ(table->slot({kForeign, 1}), kNoSlot);
  EXPECT_EQ(table->reserve({kForeign, 1}).error(), BindError::no_address);
  EXPECT_EQ(table->share({kForeign, 1}).error(), BindError::no_address);
  EXPECT_EQ(table_of({})->slot({kV4, 1}), kNoSlot);
}

TEST(LocalTable, AsManyAddressesAsItServesAndNoMore) {
  std::vector<net::Address> addresses;
  for (std::uint32_t i = 0; i < LocalTable::kMostAddresses; ++i) addresses.push_back(net::Address::v4(0x0a000000 + i));
  const auto table = table_of(addresses);
  std::map<Slot, int> seen;
  for (const net::Address& a : addresses) ++seen[table->slot({a, 65535})];
  EXPECT_EQ(seen.size(), addresses.size());
  EXPECT_FALSE(seen.contains(kNoSlot));
  EXPECT_TRUE(table->reserve({addresses.back(), 65535}));
  addresses.push_back(kV6);
  const auto refused = LocalTable::create(addresses);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("257 local addresses"));
}

TEST(LocalTable, ASlotIsReservedThenAssignedThenFree) {
  const auto table = table_of({kV4});
  OpenEndpoints filter;
  table->add_filter(filter);
  const auto slot = table->reserve({kV4, 3478});
  ASSERT_TRUE(slot);
  EXPECT_EQ(table->owner(*slot).kind, Owner::Kind::reserved);
  EXPECT_EQ(filter.count(0, 3478), 0) << "not received on yet";
  EXPECT_EQ(table->reserve({kV4, 3478}).error(), BindError::in_use);
  EXPECT_EQ(table->share({kV4, 3478}).error(), BindError::in_use);

  table->assign(*slot, 252, LocalTable::kMostLocals);
  EXPECT_EQ(table->owner(*slot).kind, Owner::Kind::worker);
  EXPECT_EQ(table->owner(*slot).worker, 252);
  EXPECT_EQ(table->owner(*slot).local, LocalTable::kMostLocals);
  EXPECT_EQ(filter.count(0, 3478), 1);
  EXPECT_EQ(table->reserve({kV4, 3478}).error(), BindError::in_use);

  table->release(*slot);
  EXPECT_EQ(table->owner(*slot).kind, Owner::Kind::nobody);
  EXPECT_EQ(filter.count(0, 3478), 0);
  table->release(*slot);
  EXPECT_EQ(filter.count(0, 3478), 0) << "only once";
  EXPECT_TRUE(table->reserve({kV4, 3478}));
}

TEST(LocalTable, ASharedEndpointGoesWithItsLastWorker) {
  const auto table = table_of({kV4});
  OpenEndpoints filter;
  table->add_filter(filter);
  const auto first = table->share({kV4, 3478}), second = table->share({kV4, 3478});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_NE(*table->share({kV4, 5349}), *first);
  EXPECT_EQ(filter.count(0, 3478), 1);
  const Slot slot = table->slot({kV4, 3478});
  EXPECT_EQ(table->reserve({kV4, 3478}).error(), BindError::in_use);
  table->release(slot);
  EXPECT_EQ(table->owner(slot).kind, Owner::Kind::shared);
  table->release(slot);
  EXPECT_EQ(table->owner(slot).kind, Owner::Kind::nobody);
  EXPECT_EQ(filter.count(0, 3478), 0);
}

TEST(LocalTable, SharedEndpointsAreBounded) {
  const auto table = table_of({kV4});
  for (std::uint16_t i = 1; i <= LocalTable::kMostShared; ++i) EXPECT_TRUE(table->share({kV4, i}));
  EXPECT_EQ(table->share({kV4, 9999}).error(), BindError::no_resources);
  table->release(table->slot({kV4, 7}));
  EXPECT_TRUE(table->share({kV4, 9999}));
}

TEST(LocalTable, OfManyThreadsThatWantAPortOneGetsIt) {
  constexpr std::uint16_t kPorts = 2000;
  const auto table = table_of({kV4, kV6});
  std::array<std::vector<std::uint16_t>, kThreads> got;
  std::barrier together(kThreads);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      together.arrive_and_wait();
      for (std::uint16_t port = 1; port <= kPorts; ++port) {
        if (const auto slot = table->reserve({kV4, port})) {
          table->assign(*slot, static_cast<std::uint8_t>(t), port);
          got[t].push_back(port);
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  std::size_t total = 0;
  for (unsigned t = 0; t < kThreads; ++t) {
    total += got[t].size();
    for (const std::uint16_t port : got[t]) EXPECT_EQ(table->owner(table->slot({kV4, port})).worker, t);
  }
  EXPECT_EQ(total, kPorts);
}

// A shared endpoint comes and goes while others look: nobody's part in it is ever lost.
TEST(LocalTable, SharingAndLeavingAtTheSameTimeKeepsTheEndpoint) {
  const auto table = table_of({kV4});
  OpenEndpoints filter;
  table->add_filter(filter);
  const Slot slot = table->slot({kV4, 3478});
  std::atomic<unsigned> strangers{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (unsigned i = 0; i < 5000; ++i) {
        if (!table->share({kV4, 3478})) ++strangers;
        if (table->owner(slot).kind != Owner::Kind::shared) ++strangers;
        table->release(slot);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(strangers, 0U) << "who has a part finds it shared";
  EXPECT_EQ(table->owner(slot).kind, Owner::Kind::nobody);
  EXPECT_EQ(filter.count(0, 3478), 0);
}

// What control, or a worker, sees of a port that another binds and unbinds is always something whole.
TEST(LocalTable, ReadersSeeWholeEntries) {
  const auto table = table_of({kV4});
  const Slot slot = table->slot({kV4, 50000});
  std::atomic<bool> stop{false};
  std::thread binder([&] {
    for (std::uint32_t i = 0; i < 20000; ++i) {
      const auto taken = table->reserve({kV4, 50000});
      ASSERT_TRUE(taken);
      table->assign(*taken, static_cast<std::uint8_t>(i % 200), i % 200 * 1000);
      table->release(*taken);
    }
    stop = true;
  });
  while (!stop) {
    const Owner o = table->owner(slot);
    if (o.kind == Owner::Kind::worker) {
      EXPECT_EQ(o.local, o.worker * 1000U);
    }
  }
  binder.join();
}

}  // namespace
}  // namespace penstock::port

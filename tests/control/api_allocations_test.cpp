// Allocations of real TURN services, listed and ended.

#include <set>

#include "control/api/turn_allocations.h"
#include "tests/turn/fixture.h"

namespace penstock::control::api {
namespace {

using turn::test::BedOptions;
using turn::test::Client;
using turn::test::kListen4;
using turn::test::kPeer;

BedOptions two_workers() {
  BedOptions options;
  options.workers = 2;
  return options;
}

class TurnAllocationsTest : public turn::test::TurnTest {
 protected:
  TurnAllocationsTest() : TurnTest(two_workers()) {}

  TurnAllocations::Page list(std::uint64_t from, std::size_t most) {
    std::optional<TurnAllocations::Page> page;
    allocations.list(from, most, [&](const TurnAllocations::Page& found) { page = found; });
    settle([&] { return page.has_value(); });
    return page.value();
  }
  std::optional<turn::AllocationRow> find(std::uint64_t id) {
    std::optional<turn::AllocationRow> row;
    bool answered = false;
    allocations.find(id, [&](const turn::AllocationRow* found) {
      answered = true;
      if (found != nullptr) row = *found;
    });
    settle([&] { return answered; });
    return row;
  }
  bool end(std::uint64_t id) {
    std::optional<bool> ended;
    allocations.end(id, [&](bool was) { ended = was; });
    settle([&] { return ended.has_value(); });
    return ended.value();
  }
  template <class Done>
  void settle(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) {
      bed.run();
      io.restart();
      io.run_for(std::chrono::milliseconds(5));
    }
  }
  Client& client(std::uint32_t number, std::uint16_t worker) {
    const net::Endpoint endpoint{net::Address::v4(0xc0000300 + number), 40000};
    clients.push_back(std::make_unique<Client>(bed, endpoint, worker, "bob"));
    clients.back()->allocated();
    return *clients.back();
  }

  boost::asio::io_context io;
  TurnAllocations allocations{
      io, 2, [this](std::uint16_t worker, const engine::Message& message) { bed.service(worker).on_message(message); }};
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(TurnAllocationsTest, NobodyIsThereAtFirst) {
  const auto page = list(0, 10);
  EXPECT_TRUE(page.rows.empty());
  EXPECT_FALSE(page.next);
  EXPECT_FALSE(find(0));
  EXPECT_FALSE(find(UINT64_MAX));
  EXPECT_FALSE(end(0));
  EXPECT_FALSE(end(UINT64_MAX));
}

TEST_F(TurnAllocationsTest, AreShownAsTheyAre) {
  const net::Endpoint relayed = ada.allocated();
  ASSERT_EQ(ada.bind(0x4000, kPeer).code(), 0);
  bed.advance(5 * turn::test::kSecond);
  const auto page = list(0, 10);
  ASSERT_EQ(page.rows.size(), 1u);
  const turn::AllocationRow& row = page.rows[0];
  EXPECT_EQ(row.user_name(), "ada");
  EXPECT_EQ(row.client, ada.endpoint());
  EXPECT_EQ(row.server, kListen4);
  EXPECT_EQ(row.relayed[0], relayed);
  EXPECT_EQ(row.channels, 1);
  EXPECT_EQ(row.permissions, 1);
  EXPECT_NEAR(static_cast<double>(row.age_ms), 5000, 100);
  EXPECT_NEAR(static_cast<double>(row.lifetime_ms), 595'000, 1000);
  ASSERT_TRUE(find(row.id));
  EXPECT_EQ(find(row.id)->client, ada.endpoint());
  EXPECT_FALSE(find(row.id + 1));
}

TEST_F(TurnAllocationsTest, AreListedPageByPageOverAllWorkers) {
  for (std::uint32_t i = 0; i < 30; ++i) client(i, static_cast<std::uint16_t>(i % 2));
  std::set<std::uint64_t> seen;
  std::optional<std::uint64_t> from = 0;
  for (int pages = 0; from && pages < 20; ++pages) {
    const auto page = list(*from, 7);
    EXPECT_LE(page.rows.size(), 7u);
    for (const auto& row : page.rows) EXPECT_TRUE(seen.insert(row.id).second);
    from = page.next;
  }
  EXPECT_EQ(seen.size(), 30u);
  EXPECT_FALSE(from);
}

TEST_F(TurnAllocationsTest, EndWhenTheyAreTold) {
  const net::Endpoint relayed = ada.allocated();
  client(1, 1);
  const auto id = list(0, 1).rows.at(0).id;
  EXPECT_TRUE(end(id));
  EXPECT_FALSE(end(id)) << "it is gone";
  EXPECT_FALSE(find(id));
  EXPECT_FALSE(bed.worker_of(relayed));
  EXPECT_EQ(list(0, 10).rows.size(), 1u);
  const auto records = bed.records(turn::worker_of(id));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].reason, turn::EndReason::operator_ended);
  EXPECT_EQ(ada.refresh(600).code(), 437);
}

}  // namespace
}  // namespace penstock::control::api

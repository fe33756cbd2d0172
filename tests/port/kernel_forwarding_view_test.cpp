#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "dataplane/port/kernel/forwarding_view.h"

namespace penstock::port {
namespace {

const net::Address kSource = net::Address::v4(0xc0000201);

/// Everything by one gateway.
RouteTable all_by(std::uint32_t gateway) {
  return RouteTable({{.prefix = {net::Address::v4(0), 96},
                      .kind = RouteKind::unicast,
                      .legs = {{.gateway = net::Address::v4(gateway), .interface = 0}}}});
}
RouteTable all_on_link() {
  return RouteTable({{.prefix = {net::Address::v4(0), 96}, .kind = RouteKind::unicast, .legs = {{.interface = 0}}}});
}

class ForwardingViewTest : public ::testing::Test {
 protected:
  std::unique_ptr<ForwardingView> make_view() { return std::move(*ForwardingView::create(*state_)); }

  std::unique_ptr<ForwardingState> state_ = std::make_unique<ForwardingState>();
};

TEST_F(ForwardingViewTest, PathsGoStaleWhenRoutesChange) {
  auto view = make_view();
  EXPECT_EQ(view->resolve(kSource, net::Address::v4(1)), net::kNoPath);
  EXPECT_EQ(view->why_no_path(), NoPath::no_route);
  EXPECT_FALSE(view->refresh()) << "nothing changed";
  state_->publish(all_by(0x0a000001));
  EXPECT_EQ(view->resolve(kSource, net::Address::v4(1)), net::kNoPath) << "seen from the next refresh on";
  EXPECT_TRUE(view->refresh());
  const net::PathId path = view->resolve(kSource, net::Address::v4(1));
  ASSERT_NE(view->hop(path), nullptr);
  EXPECT_EQ(view->hop(path)->key.neighbour, net::Address::v4(0x0a000001));
  EXPECT_EQ(view->resolve(kSource, net::Address::v4(2)), path) << "one gateway is one hop";
  state_->publish(all_by(0x0a000002));
  EXPECT_NE(view->hop(path), nullptr) << "within a pass nothing moves";
  EXPECT_TRUE(view->refresh());
  EXPECT_EQ(view->hop(path), nullptr);
  const net::PathId next = view->resolve(kSource, net::Address::v4(1));
  EXPECT_EQ(view->hop(next)->key.neighbour, net::Address::v4(0x0a000002));
  EXPECT_EQ(view->hop(net::kNoPath), nullptr);
}

TEST_F(ForwardingViewTest, EveryChangeIsAReasonToTryAgain) {
  auto view = make_view();
  state_->touch();
  EXPECT_TRUE(view->refresh());
  EXPECT_FALSE(view->refresh());
}

TEST_F(ForwardingViewTest, AHopsPlaceIsReusedOnlyAfterEveryWorkerLooked) {
  state_->publish(all_on_link());
  auto first = make_view();
  auto second = make_view();
  const net::PathId path = first->resolve(kSource, net::Address::v4(1));
  const HopIndex index = Path::hop(path);
  state_->retire(index);
  state_->move_version();
  state_->collect();
  EXPECT_EQ(state_->hops.size(), 1U);
  EXPECT_NE(first->hop(path), nullptr);
  first->refresh();
  EXPECT_EQ(first->hop(path), nullptr);
  state_->collect();
  EXPECT_EQ(state_->hops.size(), 1U) << "the second worker has not looked";
  second->rest();
  state_->collect();
  EXPECT_EQ(state_->hops.size(), 0U) << "who rests holds nothing";
  EXPECT_EQ(second->resolve(kSource, net::Address::v4(1)), net::kNoPath);
  EXPECT_TRUE(second->refresh());
  EXPECT_NE(second->resolve(kSource, net::Address::v4(1)), net::kNoPath);
}

TEST_F(ForwardingViewTest, AFullHopTableIsARefusalOfNewHopsOnly) {
  state_->publish(all_on_link());
  auto view = make_view();
  for (std::uint32_t i = 0; i < kMostOnLinkHops; ++i)
    ASSERT_NE(view->resolve(kSource, net::Address::v4(i + 1)), net::kNoPath);
  EXPECT_EQ(view->resolve(kSource, net::Address::v4(kMostOnLinkHops + 1)), net::kNoPath);
  EXPECT_EQ(view->why_no_path(), NoPath::hop_table_full);
  EXPECT_TRUE(state_->hops.find_or_add({net::Address::v4(kMostHops), 0, 0}, 0)) << "gateways have places of their own";
  EXPECT_NE(view->resolve(kSource, net::Address::v4(1)), net::kNoPath);
}

TEST_F(ForwardingViewTest, UseIsRemembered) {
  state_->publish(all_on_link());
  state_->set_now(100);
  auto view = make_view();
  const net::PathId path = view->resolve(kSource, net::Address::v4(1));
  state_->set_now(160);
  EXPECT_EQ(view->hop(path)->last_used.load(), 100U);
  view->refresh();
  EXPECT_EQ(view->hop(path)->last_used.load(), 160U);
}

TEST_F(ForwardingViewTest, ViewsAreBounded) {
  std::vector<std::unique_ptr<ForwardingView>> views;
  for (std::size_t i = 0; i < ForwardingState::kMostViews; ++i) views.push_back(make_view());
  EXPECT_FALSE(ForwardingView::create(*state_));
  views.pop_back();
  EXPECT_TRUE(ForwardingView::create(*state_));
}

/// Workers send while routes change and hops come and go; whatever a worker finds belongs to what it looks at. Under
/// TSan and ASan this also shows that nothing is freed or written under a worker's eyes.
TEST_F(ForwardingViewTest, WorkersNeverSeeAHopOfAnotherKey) {
  state_->publish(all_on_link());
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;
  for (unsigned w = 0; w < 2; ++w) {
    workers.emplace_back([&, view = make_view()] {
      std::vector<net::PathId> paths(200, net::kNoPath);
      for (std::uint32_t pass = 0; !stop.load(); ++pass) {
        if (pass % 64 == 0) view->rest();
        view->refresh();
        for (std::uint32_t i = 0; i < 20; ++i) {
          const std::uint32_t remote = (pass * 7 + i) % 200;
          const Hop* hop = view->hop(paths[remote]);
          if (hop == nullptr) {
            paths[remote] = view->resolve(kSource, net::Address::v4(remote + 1));
            hop = view->hop(paths[remote]);
          }
          ASSERT_NE(hop, nullptr);
          const net::Address expected = net::Address::v4(remote + 1);
          ASSERT_TRUE(hop->key.neighbour == expected || hop->key.neighbour == net::Address::v4(0x0a000001));
        }
      }
    });
  }
  for (unsigned round = 0; round < 600; ++round) {
    if (round % 3 == 0) {
      state_->publish(round % 2 == 0 ? all_on_link() : all_by(0x0a000001));
    } else {
      for (std::size_t i = round % 5; i < kMostHops; i += 5) {
        if (state_->hops.holds(static_cast<HopIndex>(i))) state_->retire(static_cast<HopIndex>(i));
      }
      state_->move_version();
    }
    state_->collect();
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  stop.store(true);
  for (auto& w : workers) w.join();
}

}  // namespace
}  // namespace penstock::port

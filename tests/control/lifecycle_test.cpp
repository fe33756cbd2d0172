#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "control/lifecycle/drain.h"
#include "control/lifecycle/endpoints.h"
#include "control/lifecycle/liveness.h"
#include "control/lifecycle/reload.h"
#include "control/lifecycle/turn_meter.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Action = Drain::Action;

const Drain::Time kStart{1000s};

TEST(Drain, StopsWhenTheLastAllocationIsGone) {
  Drain drain;
  EXPECT_EQ(drain.on_tick(kStart, 0), Action::none);
  EXPECT_FALSE(drain.draining());
  EXPECT_EQ(drain.on_signal(kStart, 60s), Action::begin);
  EXPECT_TRUE(drain.draining());
  EXPECT_EQ(drain.on_tick(kStart + 10s, 2), Action::none);
  EXPECT_EQ(drain.on_tick(kStart + 11s, 0), Action::stop);
  EXPECT_EQ(drain.on_tick(kStart + 12s, 0), Action::none);
}

TEST(Drain, EndsWhatIsLeftAtTheDeadline) {
  Drain drain;
  drain.on_signal(kStart, 60s);
  EXPECT_EQ(drain.on_tick(kStart + 60s, 2), Action::end);
  EXPECT_EQ(drain.on_tick(kStart + 61s, 2), Action::none);
  EXPECT_EQ(drain.on_tick(kStart + 61s, 0), Action::stop);
}

TEST(Drain, DoesNotWaitForEverForWorkersThatDoNotEnd) {
  Drain drain;
  drain.on_signal(kStart, 0s);
  EXPECT_EQ(drain.on_tick(kStart, 2), Action::end);
  EXPECT_EQ(drain.on_tick(kStart + 4s, 2), Action::stop);
}

TEST(Drain, ASecondSignalEndsAtOnce) {
  Drain drain;
  drain.on_signal(kStart, 60s);
  EXPECT_EQ(drain.on_signal(kStart + 1s, 60s), Action::end);
  EXPECT_EQ(drain.on_signal(kStart + 1s, 60s), Action::none);
  EXPECT_EQ(drain.on_tick(kStart + 1s, 0), Action::stop);
}

TEST(Drain, WaitsForWorkersToHearOfIt) {
  Drain drain;
  drain.on_signal(kStart, 60s);
  EXPECT_EQ(drain.on_tick(kStart + 10ms, 0), Action::none);
  EXPECT_EQ(drain.on_tick(kStart + 400ms, 0), Action::stop);
}

struct FakeWorkers {
  port::PortCounters port[2];
  engine::WorkerCounters engine[2];
  turn::Stats turn[2];
  std::vector<WorkerSource> sources{{0, 0, &port[0], &engine[0], &turn[0]}, {1, 1, &port[1], &engine[1], &turn[1]}};
};

TEST(Liveness, AWorkerThatMakesNoPassesIsStuck) {
  FakeWorkers fake;
  Liveness liveness(fake.sources, kStart);
  for (int second = 1; second <= 10; ++second) {
    fake.engine[0].passes.add();
    if (second <= 2) fake.engine[1].passes.add();
    liveness.check(kStart + std::chrono::seconds(second));
    EXPECT_EQ(liveness.stuck().has_value(), second > 7) << second;
  }
  EXPECT_EQ(liveness.stuck(), 1U);
  fake.engine[1].passes.add();
  liveness.check(kStart + 11s);
  EXPECT_FALSE(liveness.stuck());
}

TEST(TurnMeter, TellsTheLongestTurnEverAndLately) {
  TurnMeter meter;
  meter.note(900, 900);
  meter.note(300, 1'200);
  EXPECT_EQ(meter.longest_ns(), 900u);
  EXPECT_EQ(meter.recent_longest_ns(), 900u);
  meter.age();
  meter.note(400, 1'600);
  EXPECT_EQ(meter.recent_longest_ns(), 900u);
  meter.age();
  EXPECT_EQ(meter.recent_longest_ns(), 400u);
  EXPECT_EQ(meter.longest_ns(), 900u);
  EXPECT_EQ(meter.turns(), 3u);
  EXPECT_EQ(meter.busy_so_far_ns(), 1'600u);
}

TEST(TurnMeter, CountsWorkAndNotWaiting) {
  TurnMeter meter;
  meter.measure([] { std::this_thread::sleep_for(20ms); });
  EXPECT_LT(meter.longest_ns(), 10'000'000u);
}

TEST(Endpoints, TellHealthReadinessStatusAndMetrics) {
  FakeWorkers fake;
  const LoadMeter load(fake.sources, 1e9);
  ProcessState state;
  std::optional<unsigned> stuck;
  const http::Router router = make_router({fake.sources, &load, [&] { return state; }, [&] { return stuck; }});
  const auto get = [&](const char* path) { return router.answer({"GET", path, "", ""}); };
  EXPECT_EQ(get("/readyz").status, 503U);
  state.ready = true;
  EXPECT_EQ(get("/readyz").status, 200U);
  state = {};
  state.draining = true;
  EXPECT_EQ(get("/readyz").body, "draining\n");
  EXPECT_EQ(get("/healthz").body, "ok\n");
  stuck = 1;
  EXPECT_EQ(get("/healthz").status, 503U);
  EXPECT_THAT(get("/metrics").body, HasSubstr("penstock_draining 1\n"));
  EXPECT_THAT(get("/status").body, HasSubstr("\"state\": \"draining\""));
  EXPECT_THAT(get("/ports").body, HasSubstr("\"kind\": \"uring\""));
  EXPECT_EQ(router.answer({"POST", "/metrics", "", ""}).status, 405U);
}

class Reloading : public testing::Test {
 protected:
  auto reload_text(const std::string& text) {
    const std::string file = files_.write("p.toml", text);
    return reload({file, {}}, {0}, fixed_, {});
  }
  TemporaryDirectory files_;
  turn::FixedSettings fixed_;
};

TEST_F(Reloading, CompilesWhatWorkersTakeOver) {
  const auto reloaded = reload_text("[auth]\nusers = [\"a:b\"]\nrealm = \"new\"\n[limits]\nuser_allocations = 4\n");
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(reloaded->settings->settings.realm, "new");
  EXPECT_EQ(reloaded->settings->settings.user_limits.allocations, 4U);
  EXPECT_EQ(reloaded->config.auth.realm, "new");
}

TEST_F(Reloading, AMistakeIsNamedAndNothingHappens) {
  const auto reloaded = reload_text("[auth]\nusers = [\"a:b\"]\n\n[limits]\nuser_alocations = 4\n");
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(to_string(reloaded.error().at(0)), HasSubstr("p.toml:5: unknown key limits.user_alocations"));
}

}  // namespace
}  // namespace penstock::control

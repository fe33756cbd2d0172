// Endpoints that move to another worker: what is told to whom, in which order, and what may happen meanwhile.

#include <gmock/gmock.h>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto kTick = std::chrono::milliseconds(20);

class Moves : public RoomsTest {
 protected:
  void SetUp() override {
    start(3);
    must(PutRoom{"r", {}});
    EndpointSpec publisher = browser();
    publisher.worker = 0;
    publisher.tracks = {{"cam", vp8_track()}, {"screen", vp8_track("2")}};
    must(PutEndpoint{"r", "stage", publisher});
    must(PutEndpoint{"r", "bob", browser()});
    must(PutSubscription{"r", "bob", "a", vp8_subscription("stage", "cam", "0")});
    must(PutSubscription{"r", "bob", "b", vp8_subscription("stage", "screen", "1")});
    pass(kTick);
    report(ref_of(1), dtls::Result::secured);
    set_ice(ref_of(1), sfu::IceState::connected);
    pass(kTick);
    events.clear();
  }

  Change to(std::uint16_t worker) { return PatchEndpoint{"r", "bob", {.worker = worker}}; }
  std::uint16_t worker_of_bob() const { return rooms->endpoint("r", "bob")->worker; }
  void move(std::uint16_t worker) {
    must(to(worker));
    for (int i = 0; i < 8 && rooms->endpoint("r", "bob")->moving_to; ++i) pass(kTick);
    EXPECT_EQ(worker_of_bob(), worker);
    pass(kTick);
    workers->expect_consistent();
  }
  /// Everybody has applied everything but the case is still on its way.
  void until_under_way() {
    for (std::uint16_t worker = 0; worker < 3; ++worker) workers->apply_at(worker);
    rooms->tick();
    for (std::uint16_t worker = 0; worker < 3; ++worker) workers->apply_at(worker);
    ASSERT_EQ(workers->under_way(), 1u);
  }
  std::size_t packed() const {
    std::size_t count = 0;
    for (const sfu::Update& update : workers->posted) {
      for (const auto& operation : update.operations) count += std::holds_alternative<sfu::MoveEndpoint>(operation);
    }
    return count;
  }
  void expect_all_free_after_deletion() {
    must(DeleteRoom{"r"});
    for (int i = 0; i < 4; ++i) pass(kTick);
    for (std::uint16_t worker = 0; worker < 3; ++worker) {
      EXPECT_EQ(workers->used(worker), 0u) << worker;
      const WorkerStatistics w = rooms->statistics().workers.at(worker);
      EXPECT_EQ(w.free_endpoints, 1'000u) << worker;
      EXPECT_EQ(w.free_tracks, 2'000u) << worker;
      EXPECT_EQ(w.free_subscriptions, 20'000u) << worker;
      const Population& p = w.population;
      EXPECT_EQ(p.endpoints + p.tracks + p.mirrors + p.subscriptions, 0u) << worker;
      for (const auto count : p.endpoints_by_ice) EXPECT_EQ(count, 0u);
      for (const auto count : p.endpoints_by_dtls) EXPECT_EQ(count, 0u);
    }
  }
};

TEST_F(Moves, TheMirrorsAreThereBeforeAnythingGoes) {
  must(to(1));
  EXPECT_EQ(*rooms->endpoint("r", "bob")->moving_to, 1u);
  workers->apply_at(0);
  rooms->tick();
  workers->apply_at(0);
  rooms->tick();
  EXPECT_EQ(packed(), 0u) << "worker 1 has not made its mirrors yet";
  workers->apply_at(1);
  rooms->tick();
  EXPECT_EQ(packed(), 1u);
  EXPECT_EQ(worker_of_bob(), 0u);
  pass(kTick);
  EXPECT_EQ(worker_of_bob(), 1u);
  EXPECT_FALSE(rooms->endpoint("r", "bob")->moving_to.has_value());
  EXPECT_EQ(workers->mirrors(1), 2u);
  EXPECT_THAT(event_names(), ElementsAre("endpoint.moved"));
  EXPECT_EQ(events[0].worker, std::optional<std::uint16_t>(1));
  EXPECT_EQ(rooms->statistics().moves, 1u);
  workers->expect_consistent();
}

TEST_F(Moves, ChangesAfterwardsGoToTheNewWorker) {
  move(1);
  const std::string tag = rooms->subscription("r", "bob", "a")->etag;
  must(PatchSubscription{"r", "bob", "a", {.max_spatial_layer = std::uint8_t{0}}});
  must(DeleteSubscription{"r", "bob", "b"});
  pass(kTick);
  workers->expect_consistent();
  EXPECT_EQ(workers->mirrors(1), 1u);
  EXPECT_NE(rooms->subscription("r", "bob", "a")->etag, tag);
  set_ice(handshaker.served.at(1).endpoint, sfu::IceState::disconnected);
  pass(kTick);
  EXPECT_EQ(rooms->endpoint("r", "bob")->ice_state, IceViewState::disconnected);
}

TEST_F(Moves, TheHandshakeThreadAndIceFollow) {
  move(1);
  ASSERT_EQ(handshaker.served.size(), 2u);
  EXPECT_EQ(handshaker.served[1].endpoint.worker, 1u);
  EndpointSpec restarted = browser();
  restarted.ice_ufrag = "efgh";
  must(PutEndpoint{"r", "bob", restarted});
  std::vector<std::size_t> restarts;
  for (std::size_t i = workers->posted.size() - 2; i < workers->posted.size(); ++i) {
    restarts.push_back(workers->posted[i].operations.size());
    EXPECT_TRUE(std::holds_alternative<sfu::RestartIce>(workers->posted[i].operations.at(0)));
  }
  pass(kTick);
  dtls::Peer bob = handshaker.served[1];
  report(bob, dtls::Result::closed, "close_notify");
  EXPECT_EQ(rooms->endpoint("r", "bob")->dtls_state, DtlsState::closed);
  expect_all_free_after_deletion();
}

TEST_F(Moves, HomeAgainAndOverHomeToAThird) {
  move(1);
  move(0);
  EXPECT_EQ(workers->mirrors(1), 0u);
  move(2);
  move(1);
  EXPECT_EQ(workers->mirrors(2), 0u);
  EXPECT_EQ(workers->mirrors(1), 2u);
  expect_all_free_after_deletion();
}

TEST_F(Moves, MeanwhileTheEndpointDoesNotChange) {
  must(to(1));
  const std::vector<Change> changes = {to(2),
                                       PutEndpoint{"r", "bob", browser()},
                                       DeleteEndpoint{"r", "bob"},
                                       DeleteRoom{"r"},
                                       PutTrack{"r", "bob", "mic", opus_track("7")},
                                       PutSubscription{"r", "bob", "c", vp8_subscription("stage", "cam", "5")},
                                       PatchSubscription{"r", "bob", "a", {.paused = true}},
                                       DeleteSubscription{"r", "bob", "a"}};
  for (const Change& change : changes) EXPECT_EQ(refusal(change).kind, ErrorKind::busy) << change.index();
  until_under_way();
  for (const Change& change : changes) EXPECT_EQ(refusal(change).kind, ErrorKind::busy) << change.index();
  workers->arrive();
  rooms->tick();
  must(PatchSubscription{"r", "bob", "a", {.paused = true}});
  pass(kTick);
  expect_all_free_after_deletion();
}

TEST_F(Moves, WhatItWatchesMayEndMeanwhile) {
  must(to(1));
  must(DeleteTrack{"r", "stage", "cam"});  // before it goes
  until_under_way();
  must(DeleteEndpoint{"r", "stage"});  // with the screen, while it is under way
  for (std::uint16_t worker = 0; worker < 3; ++worker) workers->apply_at(worker);
  rooms->tick();
  EndpointSpec other = browser();
  other.worker = 1;
  other.tracks = {{"x", vp8_track("4")}, {"y", vp8_track("5")}, {"z", vp8_track("6")}};
  must(PutEndpoint{"r", "other", other});  // whose tracks must not be taken for those that have ended
  pass(kTick);
  pass(kTick);
  workers->expect_consistent();
  EXPECT_EQ(worker_of_bob(), 1u);
  EXPECT_EQ(workers->mirrors(1), 0u);
  must(PatchSubscription{"r", "bob", "a", {.track = TrackReference{"other", "x"}}});
  pass(kTick);
  workers->expect_consistent();
  expect_all_free_after_deletion();
}

TEST_F(Moves, ManyAtOnceGoInTurns) {
  constexpr std::size_t kViewers = 150;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < kViewers; ++i) {
    const std::string id = "v" + std::to_string(i);
    must(PutEndpoint{"r", id, browser()});
    must(PutSubscription{"r", id, "a", vp8_subscription("stage", "cam", "0")});
    report(handshaker.expected.back(), dtls::Result::secured);
    steps.push_back({PatchEndpoint{"r", id, {.worker = std::uint16_t{2}}}});
  }
  ASSERT_TRUE(rooms->apply(steps));
  std::size_t before = 0;
  for (int i = 0; i < 6; ++i) {
    pass(kTick);
    EXPECT_LE(packed() - before, 64u);
    before = packed();
  }
  EXPECT_EQ(before, kViewers);
  EXPECT_EQ(rooms->statistics().moves, kViewers);
  EXPECT_EQ(workers->mirrors(2), 1u);
  workers->expect_consistent();
}

TEST_F(Moves, WhatIsNotAsked) {
  const Error publishes = refusal(PatchEndpoint{"r", "stage", {.worker = std::uint16_t{1}}});
  EXPECT_EQ(publishes.kind, ErrorKind::conflict);
  EXPECT_THAT(publishes.sentence, HasSubstr("publishes"));
  must(PutEndpoint{"r", "carol", browser()});
  const Error early = refusal(PatchEndpoint{"r", "carol", {.worker = std::uint16_t{1}}});
  EXPECT_EQ(early.kind, ErrorKind::conflict);
  EXPECT_THAT(early.sentence, HasSubstr("secured"));
  const Error nowhere = refusal(to(7));
  EXPECT_EQ(nowhere.kind, ErrorKind::invalid);
  EXPECT_EQ(nowhere.field, "/worker");
  EXPECT_FALSE(must(to(0)).changed);
}

TEST_F(Moves, EndingsAndReportsWaitForTheArrival) {
  must(PutRoom{"r", {.lease = Lease{"owner", 1}}});
  must(to(1));
  until_under_way();
  now.monotonic_ns += 2'000'000'000;
  rooms->tick();
  ASSERT_TRUE(rooms->room("r")) << "the lease is over, but its endpoint is between two workers";
  report(handshaker.served.at(1), dtls::Result::closed);
  EXPECT_EQ(rooms->endpoint("r", "bob")->dtls_state, DtlsState::secured);
  workers->arrive();
  rooms->tick();
  EXPECT_EQ(rooms->endpoint("r", "bob")->dtls_state, DtlsState::closed);
  pass(std::chrono::milliseconds(100));
  EXPECT_FALSE(rooms->room("r"));
  pass(kTick);
  pass(kTick);
  for (std::uint16_t worker = 0; worker < 3; ++worker) EXPECT_EQ(workers->used(worker), 0u) << worker;
}

}  // namespace
}  // namespace penstock::control::rooms

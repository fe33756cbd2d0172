// Rooms that spread over workers: where endpoints are put, and what their tracks are to the others.

#include <gmock/gmock.h>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Spread : public RoomsTest {
 protected:
  void SetUp() override { start(3); }

  EndpointSpec on(std::uint16_t worker) {
    EndpointSpec spec = browser();
    spec.worker = worker;
    return spec;
  }
  EndpointSpec publisher_on(std::uint16_t worker) {
    EndpointSpec spec = on(worker);
    spec.tracks = {{"cam", vp8_track()}, {"mic", opus_track()}};
    return spec;
  }
  void stage_and_viewers() {
    must(PutRoom{"r", {}});
    must(PutEndpoint{"r", "stage", publisher_on(0)});
    must(PutEndpoint{"r", "far", on(1)});
    must(PutEndpoint{"r", "near", on(0)});
  }
  void subscribe(const std::string& endpoint, const std::string& id, const std::string& mid = "0") {
    must(PutSubscription{"r", endpoint, id, vp8_subscription("stage", "cam", mid)});
  }
  void settle() {
    pass(std::chrono::milliseconds(20));
    workers->expect_consistent();
  }
  std::size_t free_tracks(std::uint16_t worker) const { return rooms->statistics().workers.at(worker).free_tracks; }
};

TEST_F(Spread, ATrackCrossesOnceToAWorkerWithSubscriptions) {
  stage_and_viewers();
  subscribe("near", "a");
  settle();
  EXPECT_EQ(workers->mirrors(0) + workers->mirrors(1) + workers->mirrors(2), 0u);
  subscribe("far", "a");
  subscribe("far", "b", "1");
  settle();
  EXPECT_EQ(workers->mirrors(1), 1u);
  EXPECT_EQ(workers->mirrors(2), 0u);
  EXPECT_EQ(free_tracks(1), 1'999u);
  EXPECT_EQ(rooms->statistics().workers.at(1).population.mirrors, 1u);
  EXPECT_EQ(rooms->track("r", "stage", "cam")->subscriptions, 3u);
  must(DeleteSubscription{"r", "far", "a"});
  settle();
  EXPECT_EQ(workers->mirrors(1), 1u);
  must(DeleteSubscription{"r", "far", "b"});
  settle();
  EXPECT_EQ(workers->mirrors(1), 0u);
  pass(std::chrono::milliseconds(20));
  EXPECT_EQ(free_tracks(1), 2'000u);
}

TEST_F(Spread, ANewShapeOfTheTrackReachesItsMirrors) {
  stage_and_viewers();
  subscribe("far", "a");
  TrackSpec other = vp8_track();
  other.encodings.back().rid = "best";
  must(PutTrack{"r", "stage", "cam", other});
  settle();
  EXPECT_EQ(workers->track(1, 0).encodings[other.encodings.size() - 1].rid.view(), "best");
}

TEST_F(Spread, ATrackKeepsTheNumberOfItsEncodings) {
  stage_and_viewers();
  TrackSpec two = vp8_track();
  two.encodings.pop_back();
  EXPECT_EQ(refusal(PutTrack{"r", "stage", "cam", two}).field, "/encodings");
}

TEST_F(Spread, ADeletedTrackTakesItsMirrorsAlong) {
  stage_and_viewers();
  subscribe("far", "a");
  subscribe("near", "a");
  settle();
  must(DeleteEndpoint{"r", "stage"});
  settle();
  pass(std::chrono::milliseconds(20));
  for (std::uint16_t worker = 0; worker < 3; ++worker) EXPECT_EQ(free_tracks(worker), 2'000u);
  EXPECT_FALSE(rooms->subscription("r", "far", "a")->spec.track.has_value());
}

TEST_F(Spread, ViewersThatChangePlacesInOneBatchKeepTheMirror) {
  stage_and_viewers();
  must(PutTrack{"r", "stage", "screen", vp8_track("9")});
  subscribe("far", "a");
  must(PutSubscription{"r", "far", "b", vp8_subscription("stage", "screen", "1")});
  settle();
  const std::size_t posted = workers->posted.size();
  const std::vector<Step> steps = {{PatchSubscription{"r", "far", "a", {.track = TrackReference{"stage", "screen"}}}},
                                   {PatchSubscription{"r", "far", "b", {.track = TrackReference{"stage", "cam"}}}}};
  ASSERT_TRUE(rooms->apply(steps));
  ASSERT_EQ(workers->posted.size(), posted + 1) << "only the viewers' worker hears of it";
  EXPECT_EQ(workers->posted.back().operations.size(), 2u);
  settle();
}

TEST_F(Spread, AFullTableOfTracksRefusesTheMirrorAndTakesEverythingBack) {
  start(2, {10, 3, 10});
  stage_and_viewers();
  must(PutEndpoint{"r", "other", publisher_on(1)});
  subscribe("far", "a");
  settle();
  // Two tracks and a mirror: the table of worker 1 is full.
  const Error error = refusal(PutSubscription{"r",
                                              "far",
                                              "mic",
                                              {.track = TrackReference{"stage", "mic"},
                                               .kind = sfu::MediaKind::audio,
                                               .mid = "5",
                                               .codecs = {{.name = "opus", .payload_type = 111}}}});
  EXPECT_EQ(error.kind, ErrorKind::limit);
  EXPECT_THAT(error.sentence, HasSubstr("mirrors"));
  subscribe("far", "b", "1");  // of a track that is there already
  must(DeleteSubscription{"r", "far", "a"});
  must(DeleteSubscription{"r", "far", "b"});
  EXPECT_EQ(refusal(PutTrack{"r", "other", "third", vp8_track("3")}).kind, ErrorKind::busy);
  settle();
  must(PutTrack{"r", "other", "third", vp8_track("3")});
}

TEST_F(Spread, WorkersAreAskedForByNumber) {
  must(PutRoom{"r", {}});
  must(PutEndpoint{"r", "e", on(2)});
  EXPECT_EQ(rooms->endpoint("r", "e")->worker, 2u);
  EXPECT_THAT(rooms->room("r")->endpoints_by_worker, ElementsAre(0u, 0u, 1u));
  EXPECT_EQ(ref_of(0).worker, 2u);
  EXPECT_FALSE(must(PutEndpoint{"r", "e", on(2)}).changed);
  EXPECT_FALSE(must(PutEndpoint{"r", "e", browser()}).changed);
  EXPECT_EQ(refusal(PutEndpoint{"r", "e", on(1)}).field, "/worker");
  const Error error = refusal(PutEndpoint{"r", "f", on(3)});
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_EQ(error.field, "/worker");
}

TEST_F(Spread, ASmallRoomStaysTogetherABigOneSpreads) {
  must(PutRoom{"r", {}});
  must(PutEndpoint{"r", "stage", publisher_on(0)});
  std::map<std::uint16_t, int> small;
  const auto join = [&](int i) {
    const std::string id = "v" + std::to_string(i);
    must(PutEndpoint{"r", id, browser()});
    subscribe(id, "a");
    return rooms->endpoint("r", id)->worker;
  };
  for (int i = 0; i < 400; ++i) ++small[join(i)];
  EXPECT_THAT(small, ElementsAre(std::pair(0, 400)));
  std::map<std::uint16_t, int> big;
  for (int i = 400; i < 1'800; ++i) ++big[join(i)];
  ASSERT_EQ(big.size(), 3u);
  for (const auto& [worker, joined] : big) EXPECT_GT(joined, 150) << worker;
  settle();
  EXPECT_EQ(workers->mirrors(1), 1u);
  EXPECT_EQ(workers->mirrors(2), 1u);
}

TEST_F(Spread, MeasuredLoadMovesNewcomersAway) {
  busy = {0.6, 0.1, 0.3};
  must(PutRoom{"r", {}});
  EXPECT_EQ(rooms->room("r")->worker, 1u);
  busy = {0.1, 0.9, 0.3};
  for (int i = 0; i < 32; ++i) {
    must(PutEndpoint{"r", "e" + std::to_string(i), browser()});
    EXPECT_EQ(rooms->endpoint("r", "e" + std::to_string(i))->worker, 1u) << i;
  }
  must(PutEndpoint{"r", "next", browser()});
  EXPECT_EQ(rooms->endpoint("r", "next")->worker, 0u);
  busy = {0.5, 0.51, 0.5};  // not clearly less: it stays where the room is
  must(PutEndpoint{"r", "later", browser()});
  EXPECT_EQ(rooms->endpoint("r", "later")->worker, 0u);
}

TEST_F(Spread, AFullWorkerIsPassedOver) {
  start(2, {2, 10, 10});
  must(PutRoom{"r", {}});
  for (const char* id : {"a", "b", "c", "d"}) must(PutEndpoint{"r", id, browser()});
  EXPECT_THAT(rooms->room("r")->endpoints_by_worker, ElementsAre(2u, 2u));
  EXPECT_EQ(refusal(PutEndpoint{"r", "e", browser()}).kind, ErrorKind::limit);
}

}  // namespace
}  // namespace penstock::control::rooms

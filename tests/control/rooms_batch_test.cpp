// Batches apply whole or not at all, and reach each worker as one update.

#include <gmock/gmock.h>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Batches = RoomsTest;

TEST_F(Batches, AWholeCallInOneUpdate) {
  EndpointSpec publisher = browser();
  publisher.tracks = {{"cam", vp8_track()}};
  const std::vector<Step> steps = {{PutRoom{"r", {}}},
                                   {PutEndpoint{"r", "alice", publisher}},
                                   {PutEndpoint{"r", "bob", browser()}},
                                   {PutSubscription{"r", "bob", "s", vp8_subscription("alice", "cam")}}};
  const auto outcomes = rooms->apply(steps);
  ASSERT_TRUE(outcomes.has_value()) << outcomes.error().error.sentence;
  ASSERT_EQ(workers->posted.size(), 1u);
  EXPECT_EQ(workers->posted[0].number, 1u);
  EXPECT_EQ(workers->posted[0].operations.size(), 4u);
  const auto& subscription = std::get<SubscriptionView>(outcomes->at(3).view);
  EXPECT_TRUE(outcomes->at(3).created);
  EXPECT_NE(subscription.spec.ssrc.value_or(0), 0u);
  EXPECT_NE(subscription.spec.rtx_ssrc.value_or(0), 0u);
  EXPECT_EQ(std::get<RoomView>(outcomes->at(0).view).subscriptions, 1u);
  EXPECT_THAT(event_names(), ElementsAre("room.created", "endpoint.created", "track.created", "endpoint.created",
                                         "subscription.created"));
  EXPECT_EQ(handshaker.expected.size(), 2u);
}

TEST_F(Batches, TheLastStepTakesEverythingBack) {
  publisher_and_viewer();
  const std::string before = rooms->digest();
  const std::size_t posted = workers->posted.size();
  EndpointSpec restarted = browser();
  restarted.ice_ufrag = "other";
  restarted.max_publish_bit_rate = 500'000;
  restarted.fingerprints[0].bytes[0] = 9;
  TrackSpec track = vp8_track("8");
  const std::vector<Step> steps = {{PutRoom{"r", {.lease = Lease{"owner", 10}}}},
                                   {PutEndpoint{"r", "alice", restarted}},
                                   {PutEndpoint{"r", "carol", browser()}},
                                   {PutTrack{"r", "carol", "cam", track}},
                                   {PutTrack{"r", "alice", "cam", track}},
                                   {PatchSubscription{"r", "bob", "s", {.track = TrackReference{"carol", "cam"}}}},
                                   {DeleteTrack{"r", "alice", "cam"}},
                                   {DeleteEndpoint{"r", "alice"}},
                                   {DeleteSubscription{"r", "bob", "s"}},
                                   {PutSubscription{"r", "bob", "s", vp8_subscription("carol", "cam")}},
                                   {DeleteRoom{"r"}},
                                   {PutRoom{"r", {}}},
                                   {DeleteEndpoint{"r", "nobody"}}};
  const auto outcomes = rooms->apply(steps);
  ASSERT_FALSE(outcomes.has_value());
  EXPECT_EQ(outcomes.error().step, 12u);
  EXPECT_EQ(outcomes.error().error.kind, ErrorKind::not_found);
  EXPECT_EQ(rooms->digest(), before);
  EXPECT_EQ(workers->posted.size(), posted);
  EXPECT_THAT(events, IsEmpty());
  EXPECT_THAT(handshaker.forgotten, IsEmpty());
}

TEST_F(Batches, PuttingTheSameAgainChangesNothing) {
  publisher_and_viewer();
  const std::string before = rooms->digest();
  EndpointSpec publisher = browser();
  publisher.tracks = {{"mic", opus_track()}, {"cam", vp8_track()}};
  const std::vector<Step> steps = {{PutRoom{"r", {}}},
                                   {PutEndpoint{"r", "alice", publisher}},
                                   {PutTrack{"r", "alice", "cam", vp8_track()}},
                                   {PutSubscription{"r", "bob", "s", vp8_subscription("alice", "cam")}}};
  const auto outcomes = rooms->apply(steps);
  ASSERT_TRUE(outcomes.has_value());
  for (const Outcome& outcome : *outcomes) EXPECT_FALSE(outcome.changed || outcome.created);
  EXPECT_EQ(rooms->digest(), before);
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(Batches, Preconditions) {
  publisher_and_viewer();
  const std::string tag = rooms->room("r")->etag;
  EXPECT_EQ(refusal(PutRoom{"r", {.metadata = "x"}}, {.if_match = {"other"}}).kind, ErrorKind::precondition_failed);
  EXPECT_EQ(refusal(PutRoom{"r", {.metadata = "x"}}, {.if_none_match = {"*"}}).kind, ErrorKind::precondition_failed);
  EXPECT_EQ(refusal(PutRoom{"q", {}}, {.if_match = {"*"}}).kind, ErrorKind::precondition_failed);
  EXPECT_EQ(refusal(DeleteTrack{"r", "alice", "cam"}, {.if_match = {tag}}).kind, ErrorKind::precondition_failed);
  ASSERT_TRUE(rooms->apply(Step{PutRoom{"r", {.metadata = "x"}}, {.if_match = {"a", tag}}}).has_value());
  EXPECT_NE(rooms->room("r")->etag, tag);
  EXPECT_EQ(refusal(DeleteRoom{"r"}, {.if_match = {tag}}).kind, ErrorKind::precondition_failed);
  ASSERT_TRUE(rooms->apply(Step{DeleteRoom{"r"}, {.if_match = {"*"}}}).has_value());
  ASSERT_TRUE(rooms->apply(Step{PutRoom{"r", {}}, {.if_none_match = {"*"}}}).has_value());
}

TEST_F(Batches, ADeletedTrackLeavesItsSubscriptionsWithoutSource) {
  publisher_and_viewer();
  const std::string tag = rooms->subscription("r", "bob", "s")->etag;
  must(DeleteEndpoint{"r", "alice"});
  workers->apply();
  const auto view = rooms->subscription("r", "bob", "s");
  EXPECT_FALSE(view->spec.track.has_value());
  EXPECT_NE(view->etag, tag);
  EXPECT_THAT(event_names(), ElementsAre("endpoint.deleted", "subscription.updated"));
  // The publisher comes back, and the viewer follows, with its numbers.
  EndpointSpec publisher = browser();
  publisher.tracks = {{"cam", vp8_track()}};
  must(PutEndpoint{"r", "alice-2", publisher});
  must(PatchSubscription{"r", "bob", "s", {.track = TrackReference{"alice-2", "cam"}}});
  workers->apply();
  EXPECT_EQ(rooms->subscription("r", "bob", "s")->spec.ssrc, view->spec.ssrc);
  EXPECT_NE(workers->subscription(0, 0).track, sfu::kNoSlot);
  EXPECT_EQ(rooms->track("r", "alice-2", "cam")->subscriptions, 1u);
  must(PatchSubscription{"r", "bob", "s", {.track = std::optional<TrackReference>{}, .paused = true}});
  workers->apply();
  EXPECT_EQ(workers->subscription(0, 0).track, sfu::kNoSlot);
  EXPECT_TRUE(workers->subscription(0, 0).paused);
}

TEST_F(Batches, EverythingComesBackWhenARoomGoes) {
  publisher_and_viewer();
  must(DeleteRoom{"r"});
  EXPECT_THAT(event_names(), ElementsAre("room.deleted"));
  EXPECT_EQ(handshaker.forgotten.size(), 2u);
  pass(std::chrono::milliseconds(20));
  EXPECT_EQ(workers->used(0), 0u);
  const WorkerStatistics worker = rooms->statistics().workers.at(0);
  EXPECT_EQ(worker.free_endpoints, 1'000u);
  EXPECT_EQ(worker.free_tracks, 2'000u);
  EXPECT_EQ(worker.free_subscriptions, 20'000u);
  EXPECT_EQ(worker.updates_waiting, 0u);
  EXPECT_EQ(worker.population.endpoints_by_ice[0], 0u);
}

TEST_F(Batches, RoomsSpreadOverWorkersAndStayThere) {
  start(3);
  for (int i = 0; i < 6; ++i) must(PutRoom{"r" + std::to_string(i), {}});
  std::map<std::uint16_t, int> rooms_of;
  for (const RoomView& room : rooms->rooms("", 100)) ++rooms_of[room.worker];
  EXPECT_THAT(rooms_of, ElementsAre(std::pair(0, 2), std::pair(1, 2), std::pair(2, 2)));
  const std::uint16_t full = rooms->room("r0")->worker;
  for (int i = 0; i < 5; ++i) must(PutEndpoint{"r0", "e" + std::to_string(i), browser()});
  must(PutRoom{"next", {}});
  EXPECT_NE(rooms->room("next")->worker, full);
  EXPECT_EQ(rooms->room("r0")->worker, full);
}

TEST_F(Batches, WhatPenstockChooses) {
  publisher_and_viewer();
  const auto alice = rooms->endpoint("r", "alice"), bob = rooms->endpoint("r", "bob");
  EXPECT_EQ(alice->ice_ufrag.size(), 8u);
  EXPECT_EQ(alice->ice_pwd.size(), 24u);
  EXPECT_NE(alice->ice_ufrag, bob->ice_ufrag);
  EXPECT_NE(alice->cname, bob->cname);
  EXPECT_EQ(alice->dtls_role, dtls::Role::passive);
  ASSERT_EQ(alice->candidates.size(), 1u);
  EXPECT_EQ(alice->candidates[0].priority, 2130706431u);
  EXPECT_THAT(alice->tracks, ElementsAre("cam", "mic"));
  EndpointSpec server = browser();
  server.dtls_role = DtlsRole::passive;
  must(PutEndpoint{"r", "carol", server});
  EXPECT_EQ(rooms->endpoint("r", "carol")->dtls_role, dtls::Role::active);
  EXPECT_EQ(handshaker.expected.back().role, dtls::Role::active);
}

TEST_F(Batches, RemoteParametersMayComeLaterAndChange) {
  must(PutRoom{"r", {}});
  must(PutEndpoint{"r", "alice", {}});
  EXPECT_THAT(handshaker.expected, IsEmpty());
  const std::string first = rooms->endpoint("r", "alice")->ice_ufrag;
  must(PutEndpoint{"r", "alice", browser()});
  EXPECT_EQ(handshaker.expected.size(), 1u);
  EXPECT_EQ(rooms->endpoint("r", "alice")->ice_ufrag, first);  // nobody has seen another
  EndpointSpec restarted = browser();
  restarted.ice_ufrag = "efgh";
  must(PutEndpoint{"r", "alice", restarted});
  EXPECT_NE(rooms->endpoint("r", "alice")->ice_ufrag, first);
  EXPECT_EQ(handshaker.expected.size(), 1u);  // the association goes on
  restarted.fingerprints[0].bytes[0] = 1;
  must(PutEndpoint{"r", "alice", restarted});
  EXPECT_EQ(handshaker.expected.size(), 2u);
  EXPECT_EQ(ref_of(0), ref_of(1));
  must(PatchEndpoint{"r", "alice", {.max_publish_bit_rate = 1'000'000}});
  EXPECT_EQ(std::get<sfu::LimitPublisher>(workers->posted.back().operations.at(0)).max_publish_bit_rate, 1'000'000u);
}

TEST_F(Batches, TheLastWordOnAHandshakeCounts) {
  must(PutRoom{"r", {}});
  must(PutEndpoint{"r", "alice", browser()});
  must(PutEndpoint{"r", "bob", browser()});
  EndpointSpec none = browser();
  none.fingerprints.clear();
  EndpointSpec other = browser();
  other.fingerprints[0].bytes[0] = 9;
  const std::vector<Step> steps = {{PutEndpoint{"r", "alice", none}},
                                   {PutEndpoint{"r", "alice", other}},
                                   {PutEndpoint{"r", "bob", other}},
                                   {PutEndpoint{"r", "bob", none}}};
  ASSERT_TRUE(rooms->apply(steps));
  ASSERT_EQ(handshaker.served.size(), 1u);
  EXPECT_EQ(handshaker.served[0].endpoint, ref_of(0));
  EXPECT_EQ(handshaker.served[0].fingerprints, other.fingerprints);
}

TEST_F(Batches, KeyFramesAreAskedForOfVideo) {
  publisher_and_viewer();
  must(RequestKeyFrame{"r", "alice", "cam"});
  workers->apply();
  EXPECT_EQ(workers->key_frames_asked, 1u);
  EXPECT_EQ(refusal(RequestKeyFrame{"r", "alice", "mic"}).kind, ErrorKind::conflict);
  EXPECT_EQ(refusal(RequestKeyFrame{"r", "alice", "none"}).kind, ErrorKind::not_found);
}

TEST_F(Batches, ListsGoOnWhereTheyStopped) {
  for (const char* id : {"c", "a", "b"}) must(PutRoom{id, {}});
  EXPECT_EQ(rooms->rooms("", 2).size(), 2u);
  EXPECT_EQ(rooms->rooms("b", 2).at(0).id, "c");
  EXPECT_EQ(rooms->endpoints("none", "", 5).error().kind, ErrorKind::not_found);
  EXPECT_EQ(rooms->room_statistics("a", 9).size(), 2u);
}

}  // namespace
}  // namespace penstock::control::rooms

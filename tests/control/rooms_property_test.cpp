// Random batches, about half of them wrong, against a model that is too simple to be mistaken.

#include <ctime>
#include <random>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

struct NaiveSubscription {
  std::optional<TrackReference> source;
  std::string mid;
  std::uint32_t ssrc;
  std::uint8_t layer;
};
struct NaiveTrack {
  std::string mid;
  std::uint32_t ssrc;
};
struct NaiveEndpoint {
  std::map<std::string, NaiveTrack> tracks;
  std::map<std::string, NaiveSubscription> subscriptions;

  bool has_ssrc(std::uint32_t ssrc, const void* but) const {
    for (const auto& [id, t] : tracks) {
      if (&t != but && t.ssrc == ssrc) return true;
    }
    for (const auto& [id, s] : subscriptions) {
      if (&s != but && s.ssrc == ssrc) return true;
    }
    return false;
  }
};
using Naive = std::map<std::string, std::map<std::string, NaiveEndpoint>>;

TrackSpec spec_of(const NaiveTrack& track) {
  TrackSpec spec = vp8_track(track.mid);
  spec.encodings = {{.ssrc = track.ssrc}};
  return spec;
}

SubscriptionSpec spec_of(const NaiveSubscription& subscription) {
  SubscriptionSpec spec = vp8_subscription("", "", subscription.mid);
  spec.codecs.resize(1);
  spec.track = subscription.source;
  spec.ssrc = subscription.ssrc;
  spec.max_spatial_layer = subscription.layer;
  return spec;
}

class RandomBatches : public RoomsTest {
 protected:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }
  std::string pick(const char* prefix, std::uint32_t n) { return prefix + std::to_string(below(n)); }

  NaiveEndpoint* find(Naive& naive, const std::string& room, const std::string& endpoint) {
    const auto r = naive.find(room);
    if (r == naive.end()) return nullptr;
    const auto e = r->second.find(endpoint);
    return e == r->second.end() ? nullptr : &e->second;
  }
  bool has_track(Naive& naive, const std::string& room, const TrackReference& reference) {
    const NaiveEndpoint* endpoint = find(naive, room, reference.endpoint);
    return endpoint != nullptr && endpoint->tracks.contains(reference.track);
  }
  static void lose_source(Naive& naive, const std::string& room, const std::string& endpoint,
                          const std::optional<std::string>& track) {
    for (auto& [id, e] : naive[room]) {
      for (auto& [sid, s] : e.subscriptions) {
        if (s.source && s.source->endpoint == endpoint && (!track || s.source->track == *track)) s.source.reset();
      }
    }
  }

  /// A random step; whether the naive model took it.
  bool step(Naive& naive, std::vector<Step>& steps) {
    const std::string room = pick("r", 2), endpoint = pick("e", 3), id = pick("x", 4);
    NaiveEndpoint* there = find(naive, room, endpoint);
    switch (below(16)) {
      case 0:
        steps.push_back({PutRoom{room, {}}});
        naive[room];
        return true;
      case 1:
        if (below(8) != 0) return step(naive, steps);
        steps.push_back({DeleteRoom{room}});
        return naive.erase(room) != 0;
      case 2:
      case 3:
        steps.push_back({PutEndpoint{room, endpoint, browser()}});
        if (there == nullptr) std::get<PutEndpoint>(steps.back().change).spec.worker = some_worker();
        if (!naive.contains(room)) return false;
        naive[room][endpoint];
        return true;
      case 4:
        if (below(2) != 0) return step(naive, steps);
        steps.push_back({DeleteEndpoint{room, endpoint}});
        if (there == nullptr) return false;
        naive[room].erase(endpoint);
        lose_source(naive, room, endpoint, std::nullopt);
        return true;
      case 5:
        steps.push_back({DeleteTrack{room, endpoint, id}});
        if (there == nullptr || there->tracks.erase(id) == 0) return false;
        lose_source(naive, room, endpoint, id);
        return true;
      case 6:
        steps.push_back({DeleteSubscription{room, endpoint, id}});
        return there != nullptr && there->subscriptions.erase(id) != 0;
      case 7:
      case 8:
      case 9:
      case 10:
        return put_track(steps, there, room, endpoint, id);
      case 11:
        return patch(naive, steps, there, room, endpoint, id);
      default:
        return put_subscription(naive, steps, there, room, endpoint, id);
    }
  }

  bool put_track(std::vector<Step>& steps, NaiveEndpoint* there, const std::string& room, const std::string& endpoint,
                 const std::string& id) {
    const NaiveTrack track{pick("", 6), 1 + below(30)};
    steps.push_back({PutTrack{room, endpoint, id, spec_of(track)}});
    if (there == nullptr) return false;
    const auto old = there->tracks.find(id);
    const void* but = old == there->tracks.end() ? nullptr : &old->second;
    if (there->has_ssrc(track.ssrc, but)) return false;
    for (const auto& [other, t] : there->tracks) {
      if (other != id && t.mid == track.mid) return false;
    }
    there->tracks[id] = track;
    return true;
  }

  bool put_subscription(Naive& naive, std::vector<Step>& steps, NaiveEndpoint* there, const std::string& room,
                        const std::string& endpoint, const std::string& id) {
    NaiveSubscription made{TrackReference{pick("e", 3), pick("x", 4)}, pick("", 6), 1 + below(30),
                           static_cast<std::uint8_t>(below(3))};
    const NaiveSubscription* old = nullptr;
    if (there != nullptr && there->subscriptions.contains(id)) {
      old = &there->subscriptions[id];
      if (below(4) != 0) made.mid = old->mid, made.ssrc = old->ssrc;  // mostly what may be
    }
    if (below(4) == 0) made.source.reset();
    steps.push_back({PutSubscription{room, endpoint, id, spec_of(made)}});
    if (there == nullptr) return false;
    if (old != nullptr && (old->mid != made.mid || old->ssrc != made.ssrc)) return false;
    if (made.source && !has_track(naive, room, *made.source)) return false;
    if (there->has_ssrc(made.ssrc, old)) return false;
    for (const auto& [other, s] : there->subscriptions) {
      if (other != id && s.mid == made.mid) return false;
    }
    there->subscriptions[id] = made;
    return true;
  }

  bool patch(Naive& naive, std::vector<Step>& steps, NaiveEndpoint* there, const std::string& room,
             const std::string& endpoint, const std::string& id) {
    const TrackReference source{pick("e", 3), pick("x", 4)};
    steps.push_back({PatchSubscription{room, endpoint, id, {.track = source}}});
    if (there == nullptr || !there->subscriptions.contains(id) || !has_track(naive, room, source)) return false;
    there->subscriptions[id].source = source;
    return true;
  }

  void expect_equal(const Naive& naive) {
    ASSERT_EQ(rooms->rooms("", 100).size(), naive.size());
    for (const auto& [room, endpoints] : naive) {
      ASSERT_EQ(rooms->endpoints(room, "", 100)->size(), endpoints.size());
      for (const auto& [id, endpoint] : endpoints) expect_equal(room, id, endpoint);
    }
  }
  void expect_equal(const std::string& room, const std::string& id, const NaiveEndpoint& endpoint) {
    const auto tracks = rooms->tracks(room, id);
    const auto subscriptions = rooms->subscriptions(room, id);
    ASSERT_TRUE(tracks && subscriptions);
    ASSERT_EQ(tracks->size(), endpoint.tracks.size());
    ASSERT_EQ(subscriptions->size(), endpoint.subscriptions.size());
    for (const TrackView& track : *tracks) EXPECT_TRUE(track.spec == spec_of(endpoint.tracks.at(track.id)));
    for (const SubscriptionView& subscription : *subscriptions) {
      EXPECT_TRUE(subscription.spec == spec_of(endpoint.subscriptions.at(subscription.id)));
    }
  }
  void delete_all() {
    for (const RoomView& room : rooms->rooms("", 100)) must(DeleteRoom{room.id});
    pass(std::chrono::milliseconds(20));
  }

  /// Mostly one of those that there are.
  std::optional<std::uint16_t> some_worker() {
    return below(3) == 0 ? std::nullopt : std::optional(static_cast<std::uint16_t>(below(worker_count)));
  }

  std::uint32_t worker_count = 1;
  std::mt19937_64 random{20'261'120};
};

TEST_F(RandomBatches, AreTakenOrRefusedAsTheNaiveModelSays) {
  worker_count = 3;
  start(3);
  Naive naive;
  int taken = 0, refused = 0;
  for (int round = 0; round < 2'500; ++round) {
    Naive scratch = naive;
    std::vector<Step> steps;
    bool right = true;
    for (std::uint32_t left = 1 + below(4); left != 0 && right; --left) right = step(scratch, steps);
    rooms->tick();  // places that are back by now
    const std::string before = rooms->digest();
    const auto outcomes = rooms->apply(steps);
    ASSERT_EQ(outcomes.has_value(), right) << round << " " << (right ? outcomes.error().error.sentence : "");
    if (right) {
      naive = std::move(scratch);
      ++taken;
    } else {
      ASSERT_EQ(outcomes.error().step, steps.size() - 1);
      ASSERT_EQ(rooms->digest(), before);
      ++refused;
    }
    if (below(3) == 0) workers->apply_at(static_cast<std::uint16_t>(below(3)), below(4));  // some are slower
    if (round % 50 == 0) {
      expect_equal(naive);
      workers->apply();
      workers->expect_consistent();
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(taken, 400);
  EXPECT_GT(refused, 400);
  delete_all();
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    EXPECT_EQ(workers->used(worker), 0u);
    const WorkerStatistics w = rooms->statistics().workers.at(worker);
    EXPECT_EQ(w.free_endpoints, 1'000u);
    EXPECT_EQ(w.free_tracks, 2'000u);
    EXPECT_EQ(w.free_subscriptions, 20'000u);
    EXPECT_EQ(w.population.rooms + w.population.endpoints + w.population.tracks + w.population.subscriptions +
                  w.population.mirrors,
              0u);
  }
}

TEST_F(RandomBatches, OfFullTablesNeverGiveAPlaceTwice) {
  start(1, {4, 5, 6});
  int full = 0;
  for (int round = 0; round < 2'000; ++round) {
    Naive nothing;
    std::vector<Step> steps;
    for (std::uint32_t left = 1 + below(3); left != 0; --left) step(nothing, steps);
    rooms->tick();  // places that are back by now
    const std::string before = rooms->digest();
    const auto outcomes = rooms->apply(steps);
    if (!outcomes) {
      ASSERT_EQ(rooms->digest(), before);
      const ErrorKind kind = outcomes.error().error.kind;
      full += kind == ErrorKind::limit || kind == ErrorKind::busy;
    }
    if (below(4) == 0) workers->apply(below(6));
    if (HasFailure()) return;
  }
  EXPECT_GT(full, 50);
  delete_all();
  const WorkerStatistics w = rooms->statistics().workers.at(0);
  EXPECT_EQ(w.free_endpoints, 4u);
  EXPECT_EQ(w.free_tracks, 5u);
  EXPECT_EQ(w.free_subscriptions, 6u);
}

TEST_F(RandomBatches, CostWhatTheyTouch) {
  start(1, {6'000, 200, 12'000}, {.endpoints_per_room = 6'000});
  must(PutRoom{"big", {}});
  EndpointSpec publisher = browser();
  publisher.tracks = {{"cam", vp8_track()}, {"screen", vp8_track("2")}};
  must(PutEndpoint{"big", "stage", publisher});
  std::vector<Step> steps;
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = "v" + std::to_string(i);
    steps.push_back({PutEndpoint{"big", id, browser()}});
    steps.push_back({PutSubscription{"big", id, "a", vp8_subscription("stage", "cam", "0")}});
    steps.push_back({PutSubscription{"big", id, "b", vp8_subscription("stage", "screen", "1")}});
    if (steps.size() > 4'000) {
      ASSERT_TRUE(rooms->apply(steps).has_value());
      steps.clear();
    }
  }
  ASSERT_TRUE(rooms->apply(steps).has_value());
  ASSERT_EQ(rooms->room("big")->subscriptions, 10'000u);
  const std::clock_t before = std::clock();
  for (int i = 0; i < 1'000; ++i) {
    must(PatchSubscription{"big", "v" + std::to_string(i), "a", {.max_spatial_layer = std::uint8_t{0}}});
  }
  // A millisecond each would already be a walk over everything; sanitizers included.
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace penstock::control::rooms

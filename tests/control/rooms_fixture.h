#pragma once
// What the model's tests drive it with: workers that obey and complain, a handshaker that remembers, a clock that is
// told the time, and descriptions that are right.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "control/rooms/rooms.h"
#include "dataplane/sfu/transfer.h"

namespace penstock::control::rooms {

/// Workers that apply updates when told to, and fail the test when an update breaks what control promises.
class ObedientWorkers : public UpdateSink {
 public:
  ObedientWorkers(std::uint16_t count, const sfu::BoardSizes& sizes) {
    for (std::uint16_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<OneWorker>(sizes));
  }

  void post(std::uint16_t worker, const sfu::Update* update) override {
    workers_.at(worker)->waiting.push_back(update);
    posted.push_back(*update);
  }
  std::uint64_t applied(std::uint16_t worker) const override { return workers_.at(worker)->applied; }

  /// Applies up to `most` waiting updates of every worker.
  void apply(std::size_t most = SIZE_MAX) {
    for (auto& worker : workers_) {
      apply_at(*worker, most);
    }
    arrive();
  }
  void apply_at(std::uint16_t worker, std::size_t most = SIZE_MAX) { apply_at(*workers_.at(worker), most); }

  /// What is under way between workers is installed where it goes.
  void arrive() {
    for (sfu::Transfer* transfer : std::exchange(under_way_, {})) install(*transfer);
  }
  std::size_t under_way() const { return under_way_.size(); }

  /// When everything is applied: every mirror is known to its origin, is used, and everything refers to what is there.
  void expect_consistent() const {
    for (std::uint16_t number = 0; number < workers_.size(); ++number) {
      for (const auto& [slot, track] : workers_[number]->tracks) {
        if (track.parameters.origin.is_mirror()) expect_used_mirror(number, slot, track);
      }
      for (const auto& [origin, mirror] : workers_[number]->mirrors) {
        const auto& tracks = workers_.at(origin.second)->tracks;
        ASSERT_TRUE(tracks.contains(mirror.slot)) << "packets for a mirror that is not there";
        EXPECT_EQ(tracks.at(mirror.slot).generation, mirror.generation);
      }
    }
  }
  /// Of other workers' tracks.
  std::size_t mirrors(std::uint16_t worker) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        workers_.at(worker)->tracks, [](const auto& t) { return t.second.parameters.origin.is_mirror(); }));
  }
  const sfu::TrackParameters& track(std::uint16_t worker, std::uint32_t slot) const {
    return workers_.at(worker)->tracks.at(slot).parameters;
  }
  sfu::Board& board(std::uint16_t worker) { return workers_.at(worker)->board; }
  std::size_t used(std::uint16_t worker) const {
    const OneWorker& w = *workers_.at(worker);
    return w.endpoints.size() + w.tracks.size() + w.subscriptions.size();
  }
  const sfu::SubscriptionParameters& subscription(std::uint16_t worker, std::uint32_t slot) const {
    return workers_.at(worker)->subscriptions.at(slot).parameters;
  }

  std::vector<sfu::Update> posted;  ///< all of them, copied
  std::size_t key_frames_asked = 0;

 private:
  template <class T>
  struct Used {
    std::uint32_t generation = 0;
    T parameters;
    bool away = false;  // an endpoint's forwarding address
  };
  struct MirrorAt {
    std::uint32_t slot = 0, generation = 0;
  };
  struct OneWorker {
    explicit OneWorker(const sfu::BoardSizes& sizes) : board(sizes) {}
    sfu::Board board;
    std::vector<const sfu::Update*> waiting;
    std::uint64_t applied = 0;
    std::map<std::uint32_t, Used<sfu::EndpointParameters>> endpoints;
    std::map<std::uint32_t, Used<sfu::TrackParameters>> tracks;
    std::map<std::uint32_t, Used<sfu::SubscriptionParameters>> subscriptions;
    std::map<std::pair<std::uint32_t, std::uint16_t>, MirrorAt> mirrors;  // by track and worker
    std::set<std::string> fragments;
    std::set<std::tuple<char, std::uint32_t, std::uint32_t>> uses;  // table, slot, generation
  };

  void apply_at(OneWorker& worker, std::size_t most) {
    for (std::size_t i = 0; i < most && !worker.waiting.empty(); ++i) {
      const sfu::Update& update = *worker.waiting.front();
      EXPECT_EQ(update.number, worker.applied + 1);
      for (const auto& operation : update.operations) {
        std::visit([&](const auto& o) { obey(worker, o); }, operation);
      }
      worker.waiting.erase(worker.waiting.begin());
      worker.applied = update.number;
    }
  }
  void expect_used_mirror(std::uint16_t worker, std::uint32_t slot, const Used<sfu::TrackParameters>& mirror) const {
    const sfu::Origin& origin = mirror.parameters.origin;
    EXPECT_NE(origin.worker, worker);
    const OneWorker& at = *workers_.at(origin.worker);
    ASSERT_TRUE(at.tracks.contains(origin.track)) << "a mirror of nothing";
    EXPECT_EQ(at.tracks.at(origin.track).generation, origin.generation);
    EXPECT_FALSE(at.tracks.at(origin.track).parameters.origin.is_mirror());
    EXPECT_EQ(at.tracks.at(origin.track).parameters.codec, mirror.parameters.codec);
    EXPECT_EQ(at.tracks.at(origin.track).parameters.encoding_count, mirror.parameters.encoding_count);
    ASSERT_TRUE(at.mirrors.contains({origin.track, worker}));
    EXPECT_EQ(at.mirrors.at({origin.track, worker}).slot, slot);
    const auto& all = workers_.at(worker)->subscriptions;
    EXPECT_TRUE(std::ranges::any_of(all, [&](const auto& s) { return s.second.parameters.track == slot; }))
        << "a mirror that nobody uses";
  }

  static std::string fragment(const sfu::IceCredentials& ice) { return {ice.fragment.data(), ice.fragment.size()}; }
  static void first_use(OneWorker& w, char table, std::uint32_t slot, std::uint32_t generation) {
    EXPECT_NE(generation, 0u);
    EXPECT_TRUE(w.uses.emplace(table, slot, generation).second) << table << slot << " had that generation before";
  }

  void obey(OneWorker& w, const sfu::MoveEndpoint& o) {
    ASSERT_TRUE(w.endpoints.contains(o.slot));
    auto& endpoint = w.endpoints.at(o.slot);
    EXPECT_FALSE(endpoint.away);
    endpoint.away = true;
    Moving moving{.endpoint = endpoint, .subscriptions = {}};
    for (const sfu::Transfer::Place& place : o.transfer->places()) {
      ASSERT_TRUE(w.subscriptions.contains(place.from));
      EXPECT_EQ(w.subscriptions.at(place.from).parameters.endpoint, o.slot);
      moving.subscriptions.push_back(w.subscriptions.at(place.from));
      w.subscriptions.erase(place.from);
    }
    for (const auto& [slot, s] : w.subscriptions) EXPECT_NE(s.parameters.endpoint, o.slot) << "left behind";
    for (const auto& [slot, t] : w.tracks) EXPECT_NE(t.parameters.endpoint, o.slot) << "it publishes";
    o.transfer->set_state(sfu::Transfer::State::under_way);
    moving_.emplace(o.transfer, std::move(moving));
    under_way_.push_back(o.transfer);
  }
  void install(sfu::Transfer& transfer) {
    OneWorker& w = *workers_.at(transfer.worker());
    Moving moving = std::move(moving_.at(&transfer));
    moving_.erase(&transfer);
    const auto home = w.endpoints.find(transfer.endpoint());
    if (home == w.endpoints.end()) {
      first_use(w, 'e', transfer.endpoint(), transfer.generation());
      EXPECT_TRUE(w.fragments.insert(fragment(moving.endpoint.parameters.ice)).second);
    } else {
      EXPECT_TRUE(home->second.away) << "endpoint slot " << transfer.endpoint() << " is in use";
      EXPECT_EQ(home->second.generation, transfer.generation());
    }
    w.endpoints[transfer.endpoint()] = {transfer.generation(), moving.endpoint.parameters};
    w.board.endpoints[transfer.endpoint()].generation.set(transfer.generation());
    for (std::size_t i = 0; i < transfer.places().size(); ++i) {
      const sfu::Transfer::Place& place = transfer.places()[i];
      EXPECT_FALSE(w.subscriptions.contains(place.to)) << "subscription slot " << place.to << " is in use";
      first_use(w, 's', place.to, place.generation);
      sfu::SubscriptionParameters parameters = moving.subscriptions[i].parameters;
      EXPECT_EQ(place.track == sfu::kNoSlot, parameters.track == sfu::kNoSlot);
      parameters.endpoint = transfer.endpoint();
      // It may have ended meanwhile.
      parameters.track = w.tracks.contains(place.track) ? place.track : sfu::kNoSlot;
      w.subscriptions[place.to] = {place.generation, parameters};
      auto& status = w.board.subscriptions[place.to];
      status.spatial_layer.set(sfu::kAnyLayer);
      status.target_spatial_layer.set(sfu::kAnyLayer);
      status.generation.set(place.generation);
    }
    transfer.set_state(sfu::Transfer::State::done);
  }

  static void obey(OneWorker& w, const sfu::AddEndpoint& o) {
    ASSERT_LT(o.slot, w.board.endpoints.size());
    EXPECT_FALSE(w.endpoints.contains(o.slot)) << "endpoint slot " << o.slot << " is in use";
    first_use(w, 'e', o.slot, o.generation);
    EXPECT_TRUE(w.fragments.insert(fragment(o.parameters.ice)).second);
    w.endpoints[o.slot] = {o.generation, o.parameters};
    auto& status = w.board.endpoints[o.slot];
    status.ice.set(0);
    status.received_bytes.set(0);
    status.received_packets.set(0);
    status.generation.set(o.generation);
  }
  static void obey(OneWorker& w, const sfu::RemoveEndpoint& o) {
    ASSERT_TRUE(w.endpoints.contains(o.slot));
    for (const auto& [slot, t] : w.tracks) EXPECT_NE(t.parameters.endpoint, o.slot);
    for (const auto& [slot, s] : w.subscriptions) EXPECT_NE(s.parameters.endpoint, o.slot);
    w.fragments.erase(fragment(w.endpoints[o.slot].parameters.ice));
    w.endpoints.erase(o.slot);
  }
  static void obey(OneWorker& w, const sfu::RestartIce& o) {
    ASSERT_TRUE(w.endpoints.contains(o.slot));
    w.fragments.erase(fragment(w.endpoints[o.slot].parameters.ice));
    w.endpoints[o.slot].parameters.ice = o.ice;
    EXPECT_TRUE(w.fragments.insert(fragment(o.ice)).second);
  }
  static void obey(OneWorker& w, const sfu::InstallKeys& o) { EXPECT_TRUE(w.endpoints.contains(o.slot)); }
  static void obey(OneWorker& w, const sfu::LimitPublisher& o) { EXPECT_TRUE(w.endpoints.contains(o.slot)); }
  static void obey(OneWorker& w, const sfu::SetTrack& o) {
    ASSERT_LT(o.slot, w.board.tracks.size());
    if (o.parameters.origin.is_mirror()) {
      EXPECT_EQ(o.parameters.endpoint, sfu::kNoSlot);
    } else {
      EXPECT_TRUE(w.endpoints.contains(o.parameters.endpoint));
    }
    const auto it = w.tracks.find(o.slot);
    if (it == w.tracks.end()) {
      first_use(w, 't', o.slot, o.generation);
    } else {
      EXPECT_EQ(it->second.generation, o.generation) << "track slot " << o.slot << " is in use";
      EXPECT_EQ(it->second.parameters.codec, o.parameters.codec);
    }
    w.tracks[o.slot] = {o.generation, o.parameters};
    w.board.tracks[o.slot].generation.set(o.generation);
  }
  static void obey(OneWorker& w, const sfu::RemoveTrack& o) {
    EXPECT_EQ(w.tracks.erase(o.slot), 1u);
    for (auto& [slot, s] : w.subscriptions) {
      if (s.parameters.track == o.slot) s.parameters.track = sfu::kNoSlot;
    }
    std::erase_if(w.mirrors, [&](const auto& mirror) { return mirror.first.first == o.slot; });
  }
  static void obey(OneWorker& w, const sfu::AddMirror& o) {
    ASSERT_TRUE(w.tracks.contains(o.track));
    EXPECT_FALSE(w.tracks.at(o.track).parameters.origin.is_mirror());
    EXPECT_NE(o.mirror_generation, 0u);
    EXPECT_TRUE(w.mirrors.emplace(std::pair(o.track, o.worker), MirrorAt{o.mirror, o.mirror_generation}).second);
  }
  static void obey(OneWorker& w, const sfu::RemoveMirror& o) {
    EXPECT_TRUE(w.tracks.contains(o.track));
    EXPECT_EQ(w.mirrors.erase({o.track, o.worker}), 1u);
  }
  static void obey(OneWorker& w, const sfu::SetSubscription& o) {
    const sfu::SubscriptionParameters& p = o.parameters;
    ASSERT_LT(o.slot, w.board.subscriptions.size());
    EXPECT_TRUE(w.endpoints.contains(p.endpoint));
    if (p.track != sfu::kNoSlot) {
      ASSERT_TRUE(w.tracks.contains(p.track));
      EXPECT_EQ(w.tracks[p.track].parameters.codec, p.codec);
    }
    EXPECT_NE(p.ssrc, 0u);
    EXPECT_EQ(p.rtx_ssrc != 0, p.rtx_payload_type != sfu::kNoPayloadType);
    const auto it = w.subscriptions.find(o.slot);
    if (it == w.subscriptions.end()) {
      first_use(w, 's', o.slot, o.generation);
    } else {
      EXPECT_EQ(it->second.generation, o.generation) << "subscription slot " << o.slot << " is in use";
      EXPECT_EQ(it->second.parameters.ssrc, p.ssrc);
    }
    w.subscriptions[o.slot] = {o.generation, p};
    auto& status = w.board.subscriptions[o.slot];
    if (it == w.subscriptions.end()) {
      status.spatial_layer.set(sfu::kAnyLayer);
      status.target_spatial_layer.set(sfu::kAnyLayer);
    }
    status.generation.set(o.generation);
  }
  static void obey(OneWorker& w, const sfu::RemoveSubscription& o) { EXPECT_EQ(w.subscriptions.erase(o.slot), 1u); }
  void obey(OneWorker& w, const sfu::RequestKeyFrame& o) {
    EXPECT_TRUE(w.tracks.contains(o.slot));
    ++key_frames_asked;
  }

  struct Moving {
    Used<sfu::EndpointParameters> endpoint;
    std::vector<Used<sfu::SubscriptionParameters>> subscriptions;
  };

  std::vector<std::unique_ptr<OneWorker>> workers_;
  std::map<sfu::Transfer*, Moving> moving_;
  std::vector<sfu::Transfer*> under_way_;
};

class RememberingHandshaker : public Handshaker {
 public:
  void add(dtls::Peer peer) override {
    expected.push_back(std::move(peer));
    served.push_back(expected.back());
  }
  void remove(const dtls::EndpointRef& endpoint) override {
    forgotten.push_back(endpoint);
    std::erase_if(served, [&](const dtls::Peer& peer) { return peer.endpoint == endpoint; });
  }
  void move(const dtls::EndpointRef& from, const dtls::EndpointRef& to) override {
    for (dtls::Peer& peer : served) {
      if (peer.endpoint == from) peer.endpoint = to;
    }
  }
  void settle(const dtls::EndpointRef& endpoint) override { settled.push_back(endpoint); }
  const dtls::Fingerprint& fingerprint() const override { return ours; }

  std::vector<dtls::Peer> expected;
  std::vector<dtls::Peer> served;  ///< expected and not forgotten since
  std::vector<dtls::EndpointRef> forgotten, settled;
  dtls::Fingerprint ours{};
};

inline TrackSpec opus_track(std::string mid = "0") {
  return {.kind = sfu::MediaKind::audio,
          .mid = std::move(mid),
          .codecs = {{.name = "opus", .payload_type = 111}},
          .extensions = {{std::string(uri_of(rtp::Extension::mid)), 4}}};
}

inline TrackSpec vp8_track(std::string mid = "1") {
  return {.kind = sfu::MediaKind::video,
          .mid = std::move(mid),
          .codecs = {{.name = "VP8", .payload_type = 96},
                     {.name = "rtx", .payload_type = 97, .associated_payload_type = 96}},
          .encodings = {{.rid = "q"}, {.rid = "h"}, {.rid = "f"}},
          .extensions = {{std::string(uri_of(rtp::Extension::mid)), 4}, {std::string(uri_of(rtp::Extension::rid)), 10}},
          .feedback = {.nack = true, .pli = true, .transport = true}};
}

inline SubscriptionSpec vp8_subscription(std::string endpoint, std::string track, std::string mid = "0") {
  return {.track = TrackReference{std::move(endpoint), std::move(track)},
          .kind = sfu::MediaKind::video,
          .mid = std::move(mid),
          .codecs = {{.name = "VP8", .payload_type = 96},
                     {.name = "rtx", .payload_type = 97, .associated_payload_type = 96}},
          .extensions = {{std::string(uri_of(rtp::Extension::mid)), 4}},
          .feedback = {.nack = true, .pli = true}};
}

inline EndpointSpec browser() {
  return {.ice_ufrag = "abcd", .ice_pwd = "0123456789012345678901", .fingerprints = {dtls::Fingerprint{}}};
}

class RoomsTest : public testing::Test {
 protected:
  void start(std::uint16_t count = 1, sfu::BoardSizes sizes = {1'000, 2'000, 20'000}, Limits limits = {}) {
    workers = std::make_unique<ObedientWorkers>(count, sizes);
    Options options;
    for (std::uint16_t i = 0; i < count; ++i) {
      options.workers.push_back({sizes, &workers->board(i), {*net::parse_endpoint("192.0.2.1:5000", 0)}});
    }
    options.limits = limits;
    options.speakers = &speaker_board;
    options.clock = [this] { return now; };
    options.busy_share = [this](std::uint16_t worker) { return worker < busy.size() ? busy[worker] : 0; };
    rooms = std::make_unique<Rooms>(std::move(options), *workers, handshaker);
    ticket = rooms->events().listen([this](const Event& event) { events.push_back(event); });
  }
  void SetUp() override { start(); }
  void TearDown() override {
    if (workers) workers->apply();
  }

  void pass(std::chrono::nanoseconds time) {
    now.monotonic_ns += static_cast<std::uint64_t>(time.count());
    now.unix_ms += static_cast<std::uint64_t>(time.count() / 1'000'000);
    workers->apply();
    rooms->tick();
  }
  /// Fails the test when refused.
  Outcome must(Change change) {
    auto outcome = rooms->apply(std::move(change));
    EXPECT_TRUE(outcome.has_value()) << outcome.error().field << " " << outcome.error().sentence;
    return outcome ? std::move(*outcome) : Outcome{};
  }
  /// The refusal; and that it changed nothing.
  Error refusal(Change change, Precondition precondition = {}) {
    const std::string before = rooms->digest();
    const std::uint64_t events_before = rooms->events().latest();
    const std::size_t posted_before = workers->posted.size();
    auto outcome = rooms->apply(Step{std::move(change), std::move(precondition)});
    EXPECT_FALSE(outcome.has_value());
    EXPECT_EQ(rooms->digest(), before);
    EXPECT_EQ(rooms->events().latest(), events_before);
    EXPECT_EQ(workers->posted.size(), posted_before);
    return outcome ? Error{ErrorKind::count_} : outcome.error();
  }
  void publisher_and_viewer() {
    must(PutRoom{"r", {}});
    EndpointSpec publisher = browser();
    publisher.tracks = {{"mic", opus_track()}, {"cam", vp8_track()}};
    must(PutEndpoint{"r", "alice", publisher});
    must(PutEndpoint{"r", "bob", browser()});
    must(PutSubscription{"r", "bob", "s", vp8_subscription("alice", "cam")});
    workers->apply();
    events.clear();
  }
  dtls::EndpointRef ref_of(std::size_t expected) const { return handshaker.expected.at(expected).endpoint; }
  /// Of the latest association that was expected of the endpoint.
  void report(const dtls::EndpointRef& endpoint, dtls::Result result, std::string detail = "") {
    dtls::Peer latest{.endpoint = endpoint, .fingerprints = {}};
    for (const dtls::Peer& peer : handshaker.expected) {
      if (peer.endpoint == endpoint) latest = peer;
    }
    report(latest, result, std::move(detail));
  }
  void report(const dtls::Peer& peer, dtls::Result result, std::string detail = "") {
    dtls::Report told{.endpoint = peer.endpoint,
                      .association = peer.association,
                      .result = result,
                      .detail = std::move(detail),
                      .receive = {},
                      .send = {}};
    told.receive.key.fill(7);
    rooms->on_report(told);
    for (const auto byte : told.receive.key) EXPECT_EQ(byte, 0);
  }
  void set_ice(const dtls::EndpointRef& endpoint, sfu::IceState state) {
    auto& status = workers->board(endpoint.worker);
    status.endpoints[endpoint.slot].ice.set(static_cast<std::uint64_t>(state));
    status.dirty_endpoints.mark(endpoint.slot);
  }
  std::vector<std::string> event_names() const {
    std::vector<std::string> names;
    for (const Event& event : events) names.emplace_back(name(event.type));
    return names;
  }

  sfu::SpeakerBoard speaker_board{4};
  std::vector<double> busy;  ///< what the workers are measured at
  Now now{.monotonic_ns = 5'000'000'000, .unix_ms = 1'800'000'000'000};
  std::unique_ptr<ObedientWorkers> workers;
  RememberingHandshaker handshaker;
  std::unique_ptr<Rooms> rooms;
  EventHistory::Ticket ticket;
  std::vector<Event> events;
};

}  // namespace penstock::control::rooms

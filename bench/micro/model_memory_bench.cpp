// What control keeps of an endpoint that watches, and of each of its subscriptions: bytes of the heap, of 10,000
// endpoints described as Chromium describes itself. Workers' tables and boards are in room_memory_bench.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "control/rooms/rooms.h"

namespace penstock::control::rooms {
namespace {

class InstantWorkers final : public UpdateSink {
 public:
  void post(std::uint16_t worker, const sfu::Update* update) override { applied_[worker] = update->number; }
  std::uint64_t applied(std::uint16_t worker) const override {
    const auto it = applied_.find(worker);
    return it == applied_.end() ? 0 : it->second;
  }

 private:
  std::map<std::uint16_t, std::uint64_t> applied_;
};

class NoHandshakes final : public Handshaker {
 public:
  void add(dtls::Peer) override {}
  void remove(const dtls::EndpointRef&) override {}
  void move(const dtls::EndpointRef&, const dtls::EndpointRef&) override {}
  void settle(const dtls::EndpointRef&) override {}
  const dtls::Fingerprint& fingerprint() const override { return ours_; }

 private:
  dtls::Fingerprint ours_{};
};

constexpr sfu::BoardSizes kSizes{.endpoints = 16'384, .tracks = 64, .subscriptions = 65'536};

std::vector<ExtensionSpec> extensions() {
  std::vector<ExtensionSpec> all;
  std::uint8_t id = 1;
  for (const std::string_view uri : rtp::kExtensionUris) all.push_back({std::string(uri), id++});
  return all;
}

std::vector<CodecSpec> codecs() {
  return {{.name = "VP8", .payload_type = 96, .clock_rate = 90'000},
          {.name = "rtx", .payload_type = 97, .clock_rate = 90'000, .associated_payload_type = 96}};
}

EndpointSpec viewer() {
  return {.ice_ufrag = "AIs4", .ice_pwd = "XrB0wIxLDCpxPozEdaNBDs12", .fingerprints = {dtls::Fingerprint{}}};
}

EndpointSpec stage() {
  EndpointSpec spec = viewer();
  TrackSpec camera{.kind = sfu::MediaKind::video,
                   .mid = "1",
                   .codecs = codecs(),
                   .encodings = {{.rid = "q"}, {.rid = "h"}, {.rid = "f"}},
                   .extensions = extensions(),
                   .feedback = {.nack = true, .pli = true, .transport = true}};
  spec.tracks = {{"video", std::move(camera)}};
  return spec;
}

SubscriptionSpec watching(int mid) {
  return {.track = TrackReference{"stage", "video"},
          .kind = sfu::MediaKind::video,
          .mid = std::to_string(mid),
          .codecs = codecs(),
          .extensions = extensions(),
          .feedback = {.nack = true, .pli = true, .transport = true}};
}

/// What the steps left on the heap, in bytes.
double growth(Rooms& rooms, const std::vector<Step>& steps) {
  rooms.tick();
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t at = 0; at < steps.size(); at += 1'000) {
    const auto part = std::span(steps).subspan(at, std::min<std::size_t>(1'000, steps.size() - at));
    if (!rooms.apply(part)) return -1;
  }
  rooms.tick();  // updates that were applied are freed
  return static_cast<double>(mallinfo2().uordblks) - static_cast<double>(before);
}

void model_memory(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto per = static_cast<double>(count);
  for (auto _ : state) {
    sfu::Board board(kSizes);
    InstantWorkers workers;
    NoHandshakes handshakes;
    Options options;
    options.workers.push_back({kSizes, &board, {*net::parse_endpoint("192.0.2.1:5000", 0)}});
    options.limits.endpoints_per_room = kSizes.endpoints;
    options.event_history = 64;  // bounded by itself: 8,192 events of 330 bytes
    Rooms rooms(std::move(options), workers, handshakes);
    std::vector<Step> room = {{PutRoom{"hall", {}}}, {PutEndpoint{"hall", "stage", stage()}}};
    if (!rooms.apply(room)) return state.SkipWithError("the room is refused");
    std::vector<Step> endpoints, first, second;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = fmt::format("viewer-{:08}", i);
      endpoints.push_back({PutEndpoint{"hall", id, viewer()}});
      first.push_back({PutSubscription{"hall", id, "video-1", watching(1)}});
      second.push_back({PutSubscription{"hall", id, "video-2", watching(2)}});
    }
    state.counters["endpoint_bytes"] = growth(rooms, endpoints) / per;
    state.counters["first_subscription_bytes"] = growth(rooms, first) / per;
    state.counters["further_subscription_bytes"] = growth(rooms, second) / per;
  }
}
BENCHMARK(model_memory)->Arg(10'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::control::rooms

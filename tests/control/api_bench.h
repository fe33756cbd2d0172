#pragma once
// The API on a model whose workers obey at once. No GoogleTest in here, so that the fuzz target can use it too.

#include <boost/asio/io_context.hpp>
#include <map>
#include <string>
#include <vector>

#include "control/api/api.h"
#include "control/api/json.h"
#include "control/http/router.h"
#include "control/rooms/rooms.h"

namespace penstock::control::api {

class ObedientWorkers final : public rooms::UpdateSink {
 public:
  void post(std::uint16_t worker, const sfu::Update* update) override {
    applied_[worker] = update->number;
    ++posted;
  }
  std::uint64_t applied(std::uint16_t worker) const override {
    const auto found = applied_.find(worker);
    return found == applied_.end() ? 0 : found->second;
  }
  std::size_t posted = 0;

 private:
  std::map<std::uint16_t, std::uint64_t> applied_;
};

class IdleHandshaker final : public rooms::Handshaker {
 public:
  void add(dtls::Peer) override {}
  void remove(const dtls::EndpointRef&) override {}
  void move(const dtls::EndpointRef&, const dtls::EndpointRef&) override {}
  void settle(const dtls::EndpointRef&) override {}
  const dtls::Fingerprint& fingerprint() const override { return ours_; }

 private:
  dtls::Fingerprint ours_{};
};

/// Listed allocations come from nobody: the worker never answers.
class ApiBench {
 public:
  explicit ApiBench(const Access& access = {}, std::size_t event_history = 64) : gate(access) {
    rooms::Options options;
    options.workers.push_back({kSizes, &board, {*net::parse_endpoint("192.0.2.1:5000", 0)}});
    options.event_history = event_history;
    options.speakers = &speakers;
    model = std::make_unique<rooms::Rooms>(std::move(options), workers, handshaker);
    router = make_router({.rooms = *model,
                          .allocations = allocations,
                          .process = [this] { return process; },
                          .turn_issuer = [this] { return issuer; },
                          .drain = [this] { process = {.ready = false, .draining = true}; },
                          .version = "1.2.3"},
                         gate, limits());
  }

  static http::Request request(std::string method, std::string path, std::string body = "") {
    http::Request request{.method = std::move(method), .path = std::move(path), .query = "", .body = std::move(body)};
    const auto query = request.path.find('?');
    if (query != std::string::npos) {
      request.query = request.path.substr(query + 1);
      request.path.resize(query);
    }
    request.client.carrier = http::Carrier::unix_socket;
    request.headers = {{"Host", "localhost"}};
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    return request;
  }

  static constexpr sfu::BoardSizes kSizes{64, 128, 256};
  sfu::Board board{kSizes};
  sfu::SpeakerBoard speakers{2};
  ObedientWorkers workers;
  IdleHandshaker handshaker;
  boost::asio::io_context io;
  TurnAllocations allocations{io, 1, [](std::uint16_t, const engine::Message&) {}};
  Gate gate;
  Process process{.ready = true};
  std::optional<TurnIssuer> issuer = TurnIssuer{"north", {"turn:192.0.2.1:3478?transport=udp"}};
  std::unique_ptr<rooms::Rooms> model;
  http::Router router;
};

// Bodies that are right.

inline const char* const kPublisher = R"({
  "ice_ufrag": "abcd", "ice_pwd": "0123456789012345678901", "dtls_role": "auto",
  "fingerprints": [{"hash": "SHA-256", "value": "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f"}],
  "tracks": {
    "mic": {"kind": "audio", "mid": "0", "codecs": [{"name": "opus", "payload_type": 111}],
            "extensions": [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4}]},
    "cam": {"kind": "video", "mid": "1",
            "codecs": [{"name": "VP8", "payload_type": 96, "clock_rate": 90000},
                       {"name": "rtx", "payload_type": 97, "associated_payload_type": 96}],
            "encodings": [{"rid": "q"}, {"rid": "h"}, {"rid": "f"}],
            "extensions": [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4},
                           {"uri": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "id": 10}],
            "feedback": {"nack": true, "pli": true, "transport": true}}}})";

inline const char* const kSubscription = R"({
  "track": {"endpoint": "alice", "track": "cam"}, "kind": "video", "mid": "0",
  "codecs": [{"name": "VP8", "payload_type": 96}, {"name": "rtx", "payload_type": 97, "associated_payload_type": 96}],
  "extensions": [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4}],
  "feedback": {"nack": true, "pli": true}, "max_spatial_layer": 1, "priority": 3})";

}  // namespace penstock::control::api

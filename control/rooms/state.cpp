#include "control/rooms/state.h"

#include "control/rooms/refuse.h"

namespace penstock::control::rooms {

SubscriptionSpec spec_of(const Subscription& subscription) {
  const sfu::SubscriptionParameters& p = subscription.parameters;
  SubscriptionSpec spec;
  if (const Track* track = subscription.source) spec.track = TrackReference{track->endpoint->id, track->id};
  spec.kind = p.kind;
  spec.mid = p.mid.view();
  spec.codecs = subscription.negotiated->codecs;
  spec.extensions = subscription.negotiated->extensions;
  spec.feedback = p.feedback;
  spec.ssrc = p.ssrc;
  if (p.rtx_ssrc != 0) spec.rtx_ssrc = p.rtx_ssrc;
  spec.max_spatial_layer = p.max_spatial_layer;
  spec.max_temporal_layer = p.max_temporal_layer;
  spec.priority = p.priority;
  spec.paused = p.paused;
  return spec;
}

std::string State::entity_tag(std::uint64_t revision) const {
  return fmt::format("{}-{}", epoch, revision);
}

std::vector<std::uint64_t> State::posted() const {
  std::vector<std::uint64_t> numbers;
  for (const auto& worker : workers) numbers.push_back(worker->posted);
  return numbers;
}

std::vector<Candidate> candidates_of(const std::vector<net::Endpoint>& addresses) {
  constexpr std::uint32_t kHostPreference = 126;
  constexpr std::uint32_t kComponent = 1;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto local_preference = static_cast<std::uint32_t>(65'535 - i);
    // Each address is a base of its own, and so has a foundation of its own (section 5.1.1.3).
    candidates.push_back({.foundation = fmt::format("{}", i + 1),
                          .priority = kHostPreference << 24 | local_preference << 8 | (256 - kComponent),
                          .address = addresses[i]});
  }
  return candidates;
}

tl::expected<Room*, Error> find_room(const State& state, std::string_view room) {
  const auto it = state.rooms.find(room);
  if (it == state.rooms.end()) return refuse(ErrorKind::not_found, "", "there is no room '{}'", room);
  return it->second.get();
}

tl::expected<Endpoint*, Error> find_endpoint(const State& state, std::string_view room, std::string_view endpoint) {
  const auto in = find_room(state, room);
  if (!in) return tl::make_unexpected(in.error());
  const auto it = (*in)->endpoints.find(endpoint);
  if (it == (*in)->endpoints.end()) {
    return refuse(ErrorKind::not_found, "", "there is no endpoint '{}' in room '{}'", endpoint, room);
  }
  return it->second.get();
}

tl::expected<Track*, Error> find_track(const Endpoint& endpoint, std::string_view track) {
  const auto it = endpoint.tracks.find(track);
  if (it == endpoint.tracks.end()) {
    return refuse(ErrorKind::not_found, "", "endpoint '{}' has no track '{}'", endpoint.id, track);
  }
  return it->second.get();
}

tl::expected<Subscription*, Error> find_subscription(const Endpoint& endpoint, std::string_view subscription) {
  const auto it = endpoint.subscriptions.find(subscription);
  if (it == endpoint.subscriptions.end()) {
    return refuse(ErrorKind::not_found, "", "endpoint '{}' has no subscription '{}'", endpoint.id, subscription);
  }
  return it->second.get();
}

}  // namespace penstock::control::rooms

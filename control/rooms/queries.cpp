// What Rooms answers without changing anything.

#include "control/rooms/changes.h"
#include "control/rooms/model.h"
#include "control/rooms/view_of.h"

namespace penstock::control::rooms {

tl::expected<RoomView, Error> Rooms::room(std::string_view room) const {
  return find_room(model_->state, room).map([this](const Room* found) {
    return view_of(model_->state, *found, model_->now());
  });
}

tl::expected<EndpointView, Error> Rooms::endpoint(std::string_view room, std::string_view endpoint) const {
  return find_endpoint(model_->state, room, endpoint).map([this](const Endpoint* found) {
    return view_of(model_->state, *found, model_->handshaker.fingerprint(), model_->now());
  });
}

tl::expected<TrackView, Error> Rooms::track(std::string_view room, std::string_view endpoint,
                                            std::string_view track) const {
  return find_endpoint(model_->state, room, endpoint)
      .and_then([&](const Endpoint* found) { return find_track(*found, track); })
      .map([this](const Track* found) { return view_of(model_->state, *found); });
}

tl::expected<SubscriptionView, Error> Rooms::subscription(std::string_view room, std::string_view endpoint,
                                                          std::string_view subscription) const {
  return find_endpoint(model_->state, room, endpoint)
      .and_then([&](const Endpoint* found) { return find_subscription(*found, subscription); })
      .map([this](const Subscription* found) { return view_of(model_->state, *found); });
}

std::vector<RoomView> Rooms::rooms(std::string_view after, std::size_t most) const {
  std::vector<RoomView> views;
  const auto& all = model_->state.rooms;
  const Now now = model_->now();
  for (auto it = all.upper_bound(after); it != all.end() && views.size() < most; ++it) {
    views.push_back(view_of(model_->state, *it->second, now));
  }
  return views;
}

tl::expected<std::vector<EndpointView>, Error> Rooms::endpoints(std::string_view room, std::string_view after,
                                                                std::size_t most) const {
  const auto found = find_room(model_->state, room);
  if (!found) return tl::make_unexpected(found.error());
  std::vector<EndpointView> views;
  const auto& all = (*found)->endpoints;
  const Now now = model_->now();
  for (auto it = all.upper_bound(after); it != all.end() && views.size() < most; ++it) {
    views.push_back(view_of(model_->state, *it->second, model_->handshaker.fingerprint(), now));
  }
  return views;
}

tl::expected<std::vector<TrackView>, Error> Rooms::tracks(std::string_view room, std::string_view endpoint) const {
  const auto found = find_endpoint(model_->state, room, endpoint);
  if (!found) return tl::make_unexpected(found.error());
  std::vector<TrackView> views;
  for (const auto& [id, track] : (*found)->tracks) views.push_back(view_of(model_->state, *track));
  return views;
}

tl::expected<std::vector<SubscriptionView>, Error> Rooms::subscriptions(std::string_view room,
                                                                        std::string_view endpoint) const {
  const auto found = find_endpoint(model_->state, room, endpoint);
  if (!found) return tl::make_unexpected(found.error());
  std::vector<SubscriptionView> views;
  for (const auto& [id, subscription] : (*found)->subscriptions) {
    views.push_back(view_of(model_->state, *subscription));
  }
  return views;
}

Statistics Rooms::statistics() const {
  Statistics statistics;
  statistics.epoch = model_->state.epoch;
  statistics.expiries = model_->state.expiries;
  statistics.events = model_->history.latest();
  statistics.moves = model_->state.moves;
  statistics.listeners = static_cast<std::uint32_t>(model_->history.listeners());
  for (const auto& worker : model_->state.workers) {
    WorkerStatistics of;
    of.population = worker->population;
    of.totals = worker->totals;
    of.received_bit_rate = worker->bit_rates.received;
    of.sent_bit_rate = worker->bit_rates.sent;
    of.free_endpoints = worker->endpoints.available();
    of.free_tracks = worker->tracks.available();
    of.free_subscriptions = worker->subscriptions.available();
    of.updates_posted = worker->posted;
    of.updates_waiting = worker->in_flight.size();
    statistics.workers.push_back(of);
  }
  return statistics;
}

std::vector<RoomStatistics> Rooms::room_statistics(std::string_view after, std::size_t most) const {
  std::vector<RoomStatistics> lines;
  const auto& all = model_->state.rooms;
  for (auto it = all.upper_bound(after); it != all.end() && lines.size() < most; ++it) {
    const Room& room = *it->second;
    lines.push_back({.id = room.id,
                     .worker = room.home,
                     .endpoints_by_worker = room.endpoints_by_worker,
                     .endpoints = static_cast<std::uint32_t>(room.endpoints.size()),
                     .tracks = room.tracks,
                     .subscriptions = room.subscriptions,
                     .received_bit_rate = room.bit_rates.received,
                     .sent_bit_rate = room.bit_rates.sent});
  }
  return lines;
}

void Rooms::show(Outcome& outcome, const Change& change) const {
  const auto put = [&outcome](auto found) {
    if (found) outcome.view = std::move(*found);
  };
  std::visit(
      [&](const auto& of) {
        if constexpr (requires { of.subscription; }) {
          put(subscription(of.room, of.endpoint, of.subscription));
        } else if constexpr (requires { of.track; }) {
          put(track(of.room, of.endpoint, of.track));
        } else if constexpr (requires { of.endpoint; }) {
          put(endpoint(of.room, of.endpoint));
        } else {
          put(room(of.room));
        }
      },
      change);
}

}  // namespace penstock::control::rooms

// What goes with what: a room with its endpoints, an endpoint with its tracks and subscriptions. A track leaves its
// subscriptions behind, without a source.

#include "control/rooms/changes.h"
#include "control/rooms/lease.h"
#include "control/rooms/mirrors.h"
#include "control/rooms/speakers.h"

namespace penstock::control::rooms {
namespace {

void link(Subscription& subscription, Track& track) {
  subscription.source = &track;
  subscription.at_source = static_cast<std::uint32_t>(track.subscriptions.size());
  track.subscriptions.push_back(&subscription);
}

void unlink(Subscription& subscription) {
  auto& all = subscription.source->subscriptions;
  all[subscription.at_source] = all.back();
  all[subscription.at_source]->at_source = subscription.at_source;
  all.pop_back();
  subscription.source = nullptr;
}

void relink(Subscription& subscription, Track* track) {
  if (subscription.source != nullptr) unlink(subscription);
  if (track != nullptr) link(subscription, *track);
}

}  // namespace

tl::expected<void, Error> set_source(Batch& batch, Subscription& subscription, Track* track) {
  Track* const old = subscription.source;
  if (track == old) return {};
  const std::uint16_t worker = subscription.endpoint->worker;
  Place place;
  if (track != nullptr) {
    const auto taken = take_mirror(batch, *track, worker);
    if (!taken) return tl::make_unexpected(taken.error());
    place = *taken;
  }
  if (old != nullptr) {
    release_mirror(batch, *old, worker);
    if (const auto& move = subscription.endpoint->move) release_mirror(batch, *old, move->to);
  }
  batch.on_refusal([&subscription, old] { relink(subscription, old); });
  relink(subscription, track);
  batch.assign(subscription.parameters.track, place.slot);
  return {};
}

void remove(Batch& batch, Subscription& subscription) {
  Endpoint& endpoint = *subscription.endpoint;
  Worker& worker = batch.state().worker_of(endpoint);
  set_source(batch, subscription, nullptr);
  endpoint.ids.remove(subscription.parameters);
  batch.on_refusal([&endpoint, &subscription] { endpoint.ids.add(subscription.parameters); });
  if (endpoint.keyed) {
    endpoint.ids.retire(subscription.parameters);
    batch.on_refusal([&endpoint, &subscription] { endpoint.ids.bring_back(subscription.parameters); });
  }
  batch.operation(endpoint.worker, sfu::RemoveSubscription{subscription.place.slot});
  batch.vacate(endpoint.worker, worker.subscriptions, subscription.place);
  batch.add(endpoint.room->subscriptions, -1);
  batch.add(worker.population.subscriptions, -1);
  batch.erase(endpoint.subscriptions, subscription);
}

void remove(Batch& batch, Track& track, std::string_view reason) {
  Endpoint& endpoint = *track.endpoint;
  Worker& worker = batch.state().worker_of(endpoint);
  while (!track.subscriptions.empty()) {
    Subscription& left = *track.subscriptions.back();
    set_source(batch, left, nullptr);  // the worker knows by itself, see sfu::RemoveTrack
    batch.revise(left);
    Event event = event_of(EventType::subscription_updated, left);
    event.reason = reason;
    batch.event(std::move(event));
  }
  endpoint.ids.remove(track.parameters);
  batch.on_refusal([&endpoint, &track] { endpoint.ids.add(track.parameters); });
  remove_mirrors(batch, track);
  batch.operation(endpoint.worker, sfu::RemoveTrack{track.place.slot});
  batch.vacate(endpoint.worker, worker.tracks, track.place);
  batch.add(endpoint.room->tracks, -1);
  batch.add(worker.population.tracks, -1);
  batch.erase(endpoint.tracks, track);
}

void remove(Batch& batch, Endpoint& endpoint) {
  Room& room = *endpoint.room;
  Worker& worker = batch.state().worker_of(endpoint);
  while (!endpoint.subscriptions.empty()) remove(batch, *endpoint.subscriptions.begin()->second);
  while (!endpoint.tracks.empty()) remove(batch, *endpoint.tracks.begin()->second, "its publisher was deleted");
  set_deadline(batch, endpoint, 0);
  batch.erase(batch.state().fragments, endpoint.parameters.ice.fragment);
  batch.operation(endpoint.worker, sfu::RemoveEndpoint{endpoint.place.slot});
  batch.forget(ref_of(endpoint));
  batch.vacate(endpoint.worker, worker.endpoints, endpoint.place);
  if (const auto& left = endpoint.left_at) {
    batch.operation(left->worker, sfu::RemoveEndpoint{left->place.slot});
    batch.vacate(left->worker, batch.state().workers[left->worker]->endpoints, left->place);
  }
  batch.add(room.endpoints_by_worker[endpoint.worker], -1);
  batch.add(worker.population.endpoints, -1);
  batch.add(worker.population.endpoints_by_ice[static_cast<std::size_t>(endpoint.ice)], -1);
  batch.add(worker.population.endpoints_by_dtls[static_cast<std::size_t>(endpoint.dtls)], -1);
  batch.erase(room.endpoints, endpoint);
}

void remove(Batch& batch, Room& room) {
  State& state = batch.state();
  // Subscriptions first: none of them is worth an event about its lost source.
  for (const auto& [id, endpoint] : room.endpoints) {
    while (!endpoint->subscriptions.empty()) remove(batch, *endpoint->subscriptions.begin()->second);
  }
  while (!room.endpoints.empty()) remove(batch, *room.endpoints.begin()->second);
  drop_lease(batch, room);
  unseat_speakers(batch, room);
  batch.add(state.home_of(room).population.rooms, -1);
  batch.erase(state.rooms, room);
}

void set_ice(Batch& batch, Endpoint& endpoint, IceViewState state) {
  auto& counts = batch.state().worker_of(endpoint).population.endpoints_by_ice;
  batch.add(counts[static_cast<std::size_t>(endpoint.ice)], -1);
  batch.add(counts[static_cast<std::size_t>(state)], +1);
  batch.assign(endpoint.ice, state);
}

void set_dtls(Batch& batch, Endpoint& endpoint, DtlsState state) {
  auto& counts = batch.state().worker_of(endpoint).population.endpoints_by_dtls;
  batch.add(counts[static_cast<std::size_t>(endpoint.dtls)], -1);
  batch.add(counts[static_cast<std::size_t>(state)], +1);
  batch.assign(endpoint.dtls, state);
}

void set_deadline(Batch& batch, Endpoint& endpoint, std::uint64_t at_ns) {
  auto& deadlines = batch.state().endpoint_deadlines;
  if (endpoint.deadline_ns != 0) batch.erase(deadlines, {endpoint.deadline_ns, &endpoint});
  if (at_ns != 0) batch.insert(deadlines, {at_ns, &endpoint});
  batch.assign(endpoint.deadline_ns, at_ns);
}

}  // namespace penstock::control::rooms

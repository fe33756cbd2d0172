#include "control/rooms/move.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "control/rooms/changes.h"
#include "control/rooms/mirrors.h"
#include "control/rooms/refuse.h"
#include "control/rooms/watch.h"

namespace penstock::control::rooms {
namespace {

// Between workers at a time: each takes some 50 KB, and its new worker's time. Others wait where they are.
constexpr std::size_t kMostUnderWay = 64;

constexpr std::string_view kTryAgain = "it takes some milliseconds; try again at once";

tl::expected<void, Error> check_movable(const Endpoint& endpoint) {
  if (!endpoint.tracks.empty()) {
    return conflict("/worker", "endpoint '{}' publishes, and stays where its packets come in; move those who watch",
                    endpoint.id);
  }
  if (endpoint.dtls != DtlsState::secured) {
    return conflict("/worker", "endpoint '{}' is not secured yet; move it when its DTLS handshake is done",
                    endpoint.id);
  }
  return {};
}

/// A third worker is reached by way of home, which has the forwarding address.
std::uint16_t next_stop(const Endpoint& endpoint, std::uint16_t wanted) {
  return endpoint.left_at ? endpoint.left_at->worker : wanted;
}

bool goes_home(const Endpoint& endpoint, std::uint16_t to) {
  return endpoint.left_at && endpoint.left_at->worker == to;
}

tl::expected<void, Error> reserve(Batch& batch, Endpoint& endpoint, Move& move) {
  Worker& worker = *batch.state().workers[move.to];
  const auto home = goes_home(endpoint, move.to);
  const auto place = home ? std::optional(endpoint.left_at->place) : batch.acquire<Endpoint>(worker.endpoints, nullptr);
  if (!place) return tl::make_unexpected(no_place(worker.endpoints, "endpoints"));
  move.place = *place;
  for (const auto& [id, subscription] : endpoint.subscriptions) {
    const auto slot = batch.acquire<Subscription>(worker.subscriptions, nullptr);
    if (!slot) return tl::make_unexpected(no_place(worker.subscriptions, "subscriptions"));
    move.subscriptions.push_back({subscription.get(), *slot});
    if (subscription->source == nullptr) continue;
    if (auto ok = take_mirror(batch, *subscription->source, move.to); !ok) return tl::make_unexpected(ok.error());
  }
  return {};
}

/// Where it finds what it refers to; no slot: nothing at present.
Place track_there(const Subscription& subscription, std::uint16_t worker) {
  return subscription.source == nullptr ? Place{} : place_on(*subscription.source, worker);
}

/// From here on the old worker may pack at any time.
void send_off(Batch& batch, Endpoint& endpoint) {
  Move& move = *endpoint.move;
  std::vector<sfu::Transfer::Place> places;
  for (const Move::Reserved& reserved : move.subscriptions) {
    const Place track = track_there(*reserved.subscription, move.to);
    places.push_back({.from = reserved.subscription->place.slot,
                      .to = reserved.place.slot,
                      .generation = reserved.place.generation,
                      .track = track.slot,
                      .track_generation = track.generation});
  }
  move.transfer = std::make_shared<sfu::Transfer>(move.to, move.place.slot, move.place.generation, std::move(places));
  batch.operation(endpoint.worker, sfu::MoveEndpoint{endpoint.place.slot, move.transfer.get()});
}

/// Gives back where the subscription was. What it refers to may have ended while it was under way.
void follow(Batch& batch, Subscription& subscription, Place place, sfu::TrackSlot unpacked_with, std::uint16_t from) {
  State& state = batch.state();
  const Endpoint& endpoint = *subscription.endpoint;
  auto& old_table = state.workers[from]->subscriptions;
  state.worker_of(endpoint).subscriptions.give(place, subscription, old_table.forsake(subscription.place));
  batch.vacate(from, old_table, subscription.place);
  if (subscription.source != nullptr) release_mirror(batch, *subscription.source, from);
  subscription.place = place;
  subscription.parameters.endpoint = endpoint.place.slot;
  subscription.parameters.track = track_there(subscription, endpoint.worker).slot;
  if (subscription.parameters.track == unpacked_with) return;
  batch.operation(endpoint.worker, sfu::SetSubscription{place.slot, place.generation, subscription.parameters});
}

void count(State& state, const Endpoint& endpoint, int by) {
  Population& population = state.worker_of(endpoint).population;
  const auto add = [by](std::uint32_t& number, std::size_t times = 1) {
    number += static_cast<std::uint32_t>(by) * static_cast<std::uint32_t>(times);
  };
  add(population.endpoints);
  add(population.endpoints_by_ice[static_cast<std::size_t>(endpoint.ice)]);
  add(population.endpoints_by_dtls[static_cast<std::size_t>(endpoint.dtls)]);
  add(population.subscriptions, endpoint.subscriptions.size());
  add(endpoint.room->endpoints_by_worker[endpoint.worker]);
}

/// The old slot becomes the forwarding address, or, at home again, that of the foreign worker ends.
void change_place(Batch& batch, Endpoint& endpoint, const Move& move) {
  State& state = batch.state();
  const Endpoint::ForwardingAddress old{endpoint.worker, endpoint.place};
  const bool home = goes_home(endpoint, move.to);
  auto& old_table = state.workers[old.worker]->endpoints;
  count(state, endpoint, -1);
  endpoint.worker = move.to;
  endpoint.place = move.place;
  count(state, endpoint, +1);
  state.worker_of(endpoint).endpoints.give(move.place, endpoint, old_table.forsake(old.place));
  endpoint.left_at.reset();
  if (home) {
    batch.operation(old.worker, sfu::RemoveEndpoint{old.place.slot});
    batch.vacate(old.worker, old_table, old.place);
  } else {
    endpoint.left_at = old;
  }
  if (endpoint.unsettled) endpoint.unsettled->update = 0;  // the keys were installed before it went
}

void arrive(Batch& batch, Endpoint& endpoint) {
  const std::shared_ptr<Move> move = std::exchange(endpoint.move, nullptr);
  const std::uint16_t from = endpoint.worker;
  const dtls::EndpointRef was = ref_of(endpoint);
  change_place(batch, endpoint, *move);
  for (std::size_t i = 0; i < move->subscriptions.size(); ++i) {
    const Move::Reserved& reserved = move->subscriptions[i];
    follow(batch, *reserved.subscription, reserved.place, move->transfer->places()[i].track, from);
  }
  batch.moved(was, ref_of(endpoint));
  batch.revise(endpoint);
  Event event = event_of(EventType::endpoint_moved, endpoint);
  event.worker = endpoint.worker;
  batch.event(std::move(event));
  scan(batch, endpoint);  // what became of it before the table said whose it is
}

/// Whether begin_move() will find all it needs: there is no taking back here.
bool has_room(const State& state, const Endpoint& endpoint, std::uint16_t to) {
  const Worker& worker = *state.workers[to];
  // As if each subscription needed a mirror of its own.
  return worker.endpoints.available() != 0 && worker.subscriptions.available() >= endpoint.subscriptions.size() &&
         worker.tracks.available() >= endpoint.subscriptions.size();
}

bool all_applied(const std::vector<std::uint64_t>& updates, const UpdateSink& sink) {
  for (std::uint16_t worker = 0; worker < updates.size(); ++worker) {
    if (sink.applied(worker) < updates[worker]) return false;
  }
  return true;
}

bool under_way(const Endpoint* endpoint) {
  return endpoint->move->transfer != nullptr;
}

bool arrived(const Endpoint& endpoint) {
  return under_way(&endpoint) && endpoint.move->transfer->state() == sfu::Transfer::State::done;
}

/// Whether the workers have all that it will need.
bool prepared(const State& state, Move& move, const UpdateSink& sink) {
  if (move.awaited.empty()) move.awaited = state.posted();
  return all_applied(move.awaited, sink);
}

}  // namespace

tl::expected<void, Error> check_not_moving(const Endpoint& endpoint) {
  if (endpoint.move == nullptr) return {};
  return refuse(ErrorKind::busy, "", "endpoint '{}' is on its way to worker {}; {}", endpoint.id, endpoint.move->wanted,
                kTryAgain);
}

tl::expected<void, Error> check_not_moving(const State& state, const Room& room) {
  for (const Endpoint* endpoint : state.moving) {
    if (endpoint->room == &room) return check_not_moving(*endpoint);
  }
  return {};
}

tl::expected<void, Error> begin_move(Batch& batch, Endpoint& endpoint, std::uint16_t worker) {
  if (auto ok = check_movable(endpoint); !ok) return ok;
  auto move = std::make_shared<Move>();
  move->wanted = worker;
  move->to = next_stop(endpoint, worker);
  if (auto ok = reserve(batch, endpoint, *move); !ok) return ok;
  batch.on_refusal([&endpoint] { endpoint.move.reset(); });
  endpoint.move = std::move(move);
  batch.insert(batch.state().moving, &endpoint);
  return {};
}

std::vector<dtls::Report> advance_moves(Batch& batch, const UpdateSink& sink) {
  State& state = batch.state();
  std::vector<dtls::Report> reports;
  for (Endpoint* endpoint : std::set<Endpoint*>(state.moving)) {
    if (!arrived(*endpoint)) continue;
    const std::shared_ptr<Move> move = endpoint->move;
    arrive(batch, *endpoint);
    state.moving.erase(endpoint);
    ++state.moves;
    for (dtls::Report& report : move->reports) report.endpoint = ref_of(*endpoint);
    std::ranges::move(move->reports, std::back_inserter(reports));
    if (endpoint->worker == move->wanted || !has_room(state, *endpoint, move->wanted)) continue;
    static_cast<void>(begin_move(batch, *endpoint, move->wanted));
  }
  auto count = static_cast<std::size_t>(std::ranges::count_if(state.moving, under_way));
  for (Endpoint* endpoint : state.moving) {
    if (count >= kMostUnderWay) break;
    if (under_way(endpoint) || !prepared(state, *endpoint->move, sink)) continue;
    send_off(batch, *endpoint);
    ++count;
  }
  return reports;
}

}  // namespace penstock::control::rooms

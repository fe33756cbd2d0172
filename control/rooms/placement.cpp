#include "control/rooms/placement.h"

#include <algorithm>
#include <optional>

#include "control/rooms/changes.h"

namespace penstock::control::rooms {
namespace {

// Less than this is the noise of an idle worker, and no reason to prefer another.
constexpr double kNoise = 0.02;
// An empty room is expected to get somebody.
constexpr double kSubscriptionsPerRoom = 2;

double reckoned(const Placement& placement, const Population& population) {
  const double subscriptions = population.subscriptions + kSubscriptionsPerRoom * population.rooms;
  const double endpoints = population.endpoints + population.tracks + population.mirrors;
  return subscriptions * placement.per_subscription + endpoints * placement.per_endpoint;
}

/// The least loaded of the workers that `may` take it; the lowest number of several.
template <class May>
std::optional<std::uint16_t> least_loaded(const State& state, May&& may) {
  std::optional<std::uint16_t> least;
  double least_load = 0;
  for (std::uint16_t worker = 0; worker < state.workers.size(); ++worker) {
    if (!may(worker)) continue;
    const double load = load_of(state, worker);
    if (least && load >= least_load) continue;
    least = worker;
    least_load = load;
  }
  return least;
}

}  // namespace

double load_of(const State& state, std::uint16_t worker) {
  const Options& options = state.options;
  const double counted = reckoned(options.placement, state.workers[worker]->population);
  const double measured = options.busy_share ? options.busy_share(worker) : 0;
  return measured > kNoise ? std::max(measured, counted) : counted;
}

std::uint16_t home_of_new_room(const State& state) {
  return *least_loaded(state, [](std::uint16_t) { return true; });
}

tl::expected<std::uint16_t, Error> worker_of_new_endpoint(const State& state, const Room& room) {
  const Placement& placement = state.options.placement;
  const auto has_place = [&](std::uint16_t worker) { return state.workers[worker]->endpoints.available() != 0; };
  const auto has_room = [&](std::uint16_t worker) {
    return room.endpoints.empty() ? worker == room.home : room.endpoints_by_worker[worker] != 0;
  };
  const auto there = least_loaded(state, [&](std::uint16_t w) { return has_place(w) && has_room(w); });
  const auto anywhere = least_loaded(state, has_place);
  if (!anywhere) return tl::make_unexpected(no_place(state.workers[room.home]->endpoints, "endpoints"));
  if (!there) return *anywhere;
  const bool big = placement.big_room != 0 && room.endpoints_by_worker[*there] >= placement.big_room;
  const bool worth_it = load_of(state, *anywhere) + placement.margin <= load_of(state, *there);
  return big && worth_it ? *anywhere : *there;
}

}  // namespace penstock::control::rooms

#pragma once
// All that the model knows: rooms by id, and the workers' tables from control's side.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "control/rooms/error.h"
#include "control/rooms/objects.h"
#include "control/rooms/options.h"
#include "control/rooms/seated_rooms.h"
#include "control/rooms/statistics.h"
#include "dataplane/sfu/update.h"

namespace penstock::control::rooms {

struct Worker {
  explicit Worker(const WorkerMedia& given)
      : media(given),
        endpoints(given.sizes.endpoints),
        tracks(given.sizes.tracks),
        subscriptions(given.sizes.subscriptions) {}

  WorkerMedia media;
  std::vector<Candidate> candidates;
  SlotTable<Endpoint> endpoints;
  SlotTable<Track> tracks;
  SlotTable<Subscription> subscriptions;
  std::set<std::uint32_t> sizes_to_tell;  ///< slots of tracks with a size that it was too early to tell
  Population population;
  Totals totals;
  BitRates bit_rates{};
  std::uint64_t posted = 0;  ///< number of the last update
  std::deque<std::unique_ptr<sfu::Update>> in_flight;
};

/// A walk over all tables, in pieces.
struct Sweep {
  std::uint64_t began_ns = 0;    ///< monotonic; 0: none ever
  std::uint64_t elapsed_ns = 0;  ///< since the one before began; 0: none is under way
  std::uint16_t worker = 0;
  std::uint8_t table = 0;
  std::uint32_t slot = 0;
};

struct State {
  Options options;
  std::string epoch;
  std::uint64_t last_revision = 0;
  std::uint64_t last_association = 0;  ///< number of a DTLS association; never given twice
  NegotiatedTable negotiated{};
  ById<Room> rooms{};
  std::vector<std::unique_ptr<Worker>> workers{};
  /// What runs out next, first.
  std::set<std::pair<std::uint64_t, Room*>> lease_deadlines{};
  std::set<std::pair<std::uint64_t, Endpoint*>> endpoint_deadlines{};
  std::set<std::pair<std::string, Room*>> rooms_by_owner{};  ///< those with a lease
  Expiries expiries{};
  Sweep sweep{};
  std::set<Endpoint*> moving{};
  std::uint64_t moves = 0;  ///< that came to their end
  SeatedRooms seated_rooms{};
  /// Our ICE user fragments in use: checks are told apart by them, on whichever worker an endpoint comes to be.
  std::set<std::array<char, sfu::IceCredentials::kFragmentSize>> fragments{};

  /// Numbers of the last updates, by worker: once those are applied, so is all that was posted until now.
  std::vector<std::uint64_t> posted() const;
  Worker& home_of(const Room& room) { return *workers[room.home]; }
  Worker& worker_of(const Endpoint& endpoint) { return *workers[endpoint.worker]; }
  const Worker& worker_of(const Endpoint& endpoint) const { return *workers[endpoint.worker]; }
  std::string entity_tag(std::uint64_t revision) const;
};

/// Every media address as a host candidate, the first preferred (RFC 8445 section 5.1.2.1).
std::vector<Candidate> candidates_of(const std::vector<net::Endpoint>& addresses);

// Lookups; `not_found` names the id that is unknown.
tl::expected<Room*, Error> find_room(const State& state, std::string_view room);
tl::expected<Endpoint*, Error> find_endpoint(const State& state, std::string_view room, std::string_view endpoint);
tl::expected<Track*, Error> find_track(const Endpoint& endpoint, std::string_view track);
tl::expected<Subscription*, Error> find_subscription(const Endpoint& endpoint, std::string_view subscription);

}  // namespace penstock::control::rooms

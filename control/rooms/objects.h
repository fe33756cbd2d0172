#pragma once
// The model's objects, as they stand in its tables.

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/dtls/peer.h"
#include "control/rooms/endpoint_ids.h"
#include "control/rooms/negotiated.h"
#include "control/rooms/slot_table.h"
#include "control/rooms/spec.h"
#include "control/rooms/view.h"
#include "dataplane/sfu/transfer.h"
#include "dataplane/srtp/profile.h"

namespace penstock::control::rooms {

struct Room;
struct Endpoint;
struct Track;
struct Subscription;

/// By id. Shared with the undo log alone, while a batch is under way.
template <class T>
using ById = std::map<std::string, std::shared_ptr<T>, std::less<>>;

/// A bit rate from successive byte counts.
struct RateMeter {
  std::uint64_t bytes = 0;
  std::uint64_t bit_rate = 0;

  void sample(std::uint64_t now, std::uint64_t elapsed_ns) {
    const std::uint64_t more = now >= bytes ? now - bytes : 0;
    bytes = now;
    bit_rate = static_cast<std::uint64_t>(static_cast<double>(more) * 8e9 / static_cast<double>(elapsed_ns));
  }
};

/// Of a worker or a room: the sum over its endpoints as of the last sample, and that of the one under way.
struct BitRates {
  std::uint64_t received = 0, sent = 0;
  std::uint64_t next_received = 0, next_sent = 0;

  void add(std::uint64_t in, std::uint64_t out) {
    next_received += in;
    next_sent += out;
  }
  void turn_over() {
    received = std::exchange(next_received, 0);
    sent = std::exchange(next_sent, 0);
  }
};

struct Subscription {
  std::string id;
  Endpoint* endpoint = nullptr;  ///< the receiver
  std::uint64_t revision = 0;
  std::shared_ptr<const Negotiated> negotiated;  ///< with the members below all that was asked for: spec_of()
  sfu::SubscriptionParameters parameters;
  Place place;
  Track* source = nullptr;
  std::uint32_t at_source = 0;  ///< index in source->subscriptions

  // As last told in events.
  std::uint8_t spatial_layer = sfu::kAnyLayer, target_spatial_layer = sfu::kAnyLayer;
  RateMeter sent;
};

/// An endpoint on its way to another worker (move.h).
struct Move {
  std::uint16_t wanted = 0;  ///< where it is to be in the end
  std::uint16_t to = 0;      ///< where it goes first: to a third worker by way of home
  Place place;               ///< there
  struct Reserved {
    Subscription* subscription = nullptr;
    Place place;  ///< there
  };
  std::vector<Reserved> subscriptions;
  std::vector<std::uint64_t> awaited;  ///< updates, by worker, that are to be applied before it goes; empty: unknown
  std::shared_ptr<sfu::Transfer> transfer;  ///< once it goes
  std::vector<dtls::Report> reports;        ///< that came meanwhile
};

/// A track's stand-in in the table of a worker that is not its own: what that worker's subscriptions refer to.
struct Mirror {
  std::uint16_t worker = 0;
  Place place;
  std::uint32_t users = 0;  ///< subscriptions of that worker's endpoints
};

struct Track {
  std::string id;
  Endpoint* endpoint = nullptr;
  std::uint64_t revision = 0;
  TrackSpec spec;
  sfu::TrackParameters parameters;
  Place place;
  std::vector<Subscription*> subscriptions;  ///< to it, in no order
  std::list<Mirror> mirrors;                 ///< on workers other than the endpoint's; undos refer to them

  /// As last told in events.
  struct Told {
    bool active = false;
    std::uint32_t width = 0, height = 0;
    friend bool operator==(const Told&, const Told&) = default;
  };
  std::array<Told, sfu::kMostEncodings> told{};
  /// Monotonic: when a change of size alone may be told again.
  std::array<std::uint64_t, sfu::kMostEncodings> next_size_ns{};
  std::array<RateMeter, sfu::kMostEncodings> received{};
};

struct Endpoint {
  std::string id;
  Room* room = nullptr;
  std::uint16_t worker = 0;
  std::uint64_t revision = 0;
  std::uint64_t created_unix_ms = 0;
  EndpointSpec spec;  ///< without tracks
  sfu::EndpointParameters parameters;
  Place place;
  /// After a move: the slot at home that hands its packets on, for its client still sends there.
  struct ForwardingAddress {
    std::uint16_t worker = 0;
    Place place;
  };
  std::optional<ForwardingAddress> left_at;
  std::shared_ptr<Move> move;                  ///< nullptr: it stays where it is
  dtls::Role dtls_role = dtls::Role::passive;  ///< ours
  std::uint64_t association = 0;               ///< the DTLS association's number; reports of another are too late
  ById<Track> tracks;
  ById<Subscription> subscriptions;
  EndpointIds ids;

  IceViewState ice = IceViewState::waiting;
  DtlsState dtls = DtlsState::waiting;
  bool keyed = false;  ///< keys were installed at some time, and packets sent
  /// What waits for the first authentic packet under new keys, of which the handshake thread is told once.
  struct Unsettled {
    std::uint64_t update = 0;  ///< the worker's that installs the keys
    /// Received by then under older keys; nothing: not looked at yet.
    std::optional<std::uint64_t> received_packets{};
  };
  std::optional<Unsettled> unsettled;
  std::optional<srtp::Profile> profile;
  std::string failure;
  std::uint64_t deadline_ns = 0;  ///< monotonic, to connect, to be secured, to come back; 0: none
  RateMeter received, sent;
};

/// The description that it came from; SSRCs that were left to us are filled in.
SubscriptionSpec spec_of(const Subscription& subscription);

inline dtls::EndpointRef ref_of(const Endpoint& endpoint) {
  return {endpoint.worker, endpoint.place.slot, endpoint.place.generation};
}

struct Room {
  std::string id;
  std::uint64_t revision = 0;
  std::uint64_t created_unix_ms = 0;
  std::uint16_t home = 0;                          ///< the worker of its first endpoints
  std::vector<std::uint32_t> endpoints_by_worker;  ///< how many of them each worker has
  RoomSpec spec;
  sfu::Speakers speakers;               ///< of its audio tracks
  std::uint64_t lease_deadline_ns = 0;  ///< monotonic; 0: no lease
  std::uint64_t lease_expires_unix_ms = 0;
  ById<Endpoint> endpoints;
  std::uint32_t tracks = 0, subscriptions = 0;
  BitRates bit_rates{};
};

}  // namespace penstock::control::rooms

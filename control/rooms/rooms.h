#pragma once
// The model (a router's RIB): what signaling asked for, admitted, compiled to the workers' tables, and watched.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "control/dtls/peer.h"
#include "control/rooms/change.h"
#include "control/rooms/event_history.h"
#include "control/rooms/handshaker.h"
#include "control/rooms/options.h"
#include "control/rooms/statistics.h"
#include "control/rooms/update_sink.h"

namespace penstock::control::rooms {

/// All of it on the control thread. Answers come after the workers' updates are posted; they cannot fail any more.
class Rooms {
 public:
  /// `sink` and `handshaker` outlive the model. Nothing may still be applying its updates when it is destroyed.
  Rooms(Options options, UpdateSink& sink, Handshaker& handshaker);
  ~Rooms();
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  /// All steps, in order, or none: a refusal leaves everything as it was.
  tl::expected<std::vector<Outcome>, Refusal> apply(std::span<const Step> steps);
  /// A batch of one.
  tl::expected<Outcome, Error> apply(const Step& step);
  tl::expected<Outcome, Error> apply(Change change) { return apply(Step{std::move(change)}); }
  /// Renews every room with a lease of `owner`; returns how many.
  std::size_t renew_leases(std::string_view owner);

  /// Errors are `not_found`, and say which of the ids is unknown.
  tl::expected<RoomView, Error> room(std::string_view room) const;
  tl::expected<EndpointView, Error> endpoint(std::string_view room, std::string_view endpoint) const;
  tl::expected<TrackView, Error> track(std::string_view room, std::string_view endpoint, std::string_view track) const;
  tl::expected<SubscriptionView, Error> subscription(std::string_view room, std::string_view endpoint,
                                                     std::string_view subscription) const;

  /// Up to `most` rooms in the order of their ids, from the first id behind `after` on.
  std::vector<RoomView> rooms(std::string_view after, std::size_t most) const;
  /// Likewise of a room.
  tl::expected<std::vector<EndpointView>, Error> endpoints(std::string_view room, std::string_view after,
                                                           std::size_t most) const;
  /// All of an endpoint.
  tl::expected<std::vector<TrackView>, Error> tracks(std::string_view room, std::string_view endpoint) const;
  tl::expected<std::vector<SubscriptionView>, Error> subscriptions(std::string_view room,
                                                                   std::string_view endpoint) const;

  Statistics statistics() const;
  std::vector<RoomStatistics> room_statistics(std::string_view after, std::size_t most) const;

  EventHistory& events();
  const EventHistory& events() const;

  /// What came of a handshake; secret keys in it are wiped. Reports about endpoints of the past are ignored.
  void on_report(dtls::Report& report);
  /// Every 20 ms or so while there are rooms: frees what the workers are through with, turns the boards' dirty bits
  /// into events, lets leases and lost endpoints expire, takes a sample for rates once a second.
  void tick();

  /// The whole model as text, what was generated included, for tests: equal texts are equal models.
  std::string digest() const;

 private:
  class Model;

  void show(Outcome& outcome, const Change& change) const;

  std::unique_ptr<Model> model_;
};

}  // namespace penstock::control::rooms

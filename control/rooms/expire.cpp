#include "control/rooms/changes.h"
#include "control/rooms/lease.h"
#include "control/rooms/move.h"
#include "control/rooms/refuse.h"
#include "control/rooms/watch.h"

namespace penstock::control::rooms {
namespace {

// What ends waits for what is on its way to another worker.
constexpr std::uint64_t kWhileMoving_ns = 50'000'000;

void delete_for(Batch& batch, Endpoint& endpoint, const std::string& reason) {
  Event event = event_of(EventType::endpoint_deleted, endpoint);
  event.reason = reason;
  batch.event(std::move(event));
  remove(batch, endpoint);
}

void fail_ice(Batch& batch, Endpoint& endpoint, std::string reason) {
  set_ice(batch, endpoint, IceViewState::failed);
  endpoint.failure = std::move(reason);
  Event event = event_of(EventType::endpoint_ice, endpoint);
  event.state = kIceViewStateNames[static_cast<std::size_t>(IceViewState::failed)];
  event.reason = endpoint.failure;
  batch.event(std::move(event));
  if (endpoint.spec.expire_when_lost) delete_for(batch, endpoint, std::string(endpoint.failure));
}

void expire(Batch& batch, Endpoint& endpoint) {
  const Options& options = batch.state().options;
  if (endpoint.move != nullptr) return set_deadline(batch, endpoint, batch.now().monotonic_ns + kWhileMoving_ns);
  Expiries& expiries = batch.state().expiries;
  set_deadline(batch, endpoint, 0);
  switch (endpoint.ice) {
    case IceViewState::waiting:
      ++expiries.never_connected;
      return fail_ice(batch, endpoint,
                      fmt::format("no connectivity check came within {} s", options.connect_timeout.count()));
    case IceViewState::disconnected:
      ++expiries.lost;
      return fail_ice(batch, endpoint,
                      fmt::format("consent was lost, and did not come back within {} s", options.lost_timeout.count()));
    case IceViewState::connected:
      if (endpoint.dtls != DtlsState::waiting) return;
      return end_association(batch, endpoint, DtlsState::failed,
                             fmt::format("no handshake was done within {} s", options.connect_timeout.count()));
    case IceViewState::failed:
      return;
  }
}

void expire(Batch& batch, Room& room) {
  if (!check_not_moving(batch.state(), room)) return extend_lease(batch, room, kWhileMoving_ns);
  ++batch.state().expiries.leases;
  Event event = event_of(EventType::room_deleted, room);
  event.reason = fmt::format("the lease of owner '{}' expired", room.spec.lease->owner);
  batch.event(std::move(event));
  remove(batch, room);
}

}  // namespace

void end_association(Batch& batch, Endpoint& endpoint, DtlsState state, std::string reason) {
  if (state == DtlsState::failed) ++batch.state().expiries.handshake_failed;
  set_dtls(batch, endpoint, state);
  endpoint.failure = std::move(reason);
  Event event = event_of(EventType::endpoint_dtls, endpoint);
  event.state = kDtlsStateNames[static_cast<std::size_t>(state)];
  event.reason = endpoint.failure;
  batch.event(std::move(event));
  if (endpoint.spec.expire_when_lost) delete_for(batch, endpoint, std::string(endpoint.failure));
}

void expire(Batch& batch) {
  State& state = batch.state();
  const std::uint64_t now_ns = batch.now().monotonic_ns;
  while (!state.lease_deadlines.empty() && state.lease_deadlines.begin()->first <= now_ns) {
    expire(batch, *state.lease_deadlines.begin()->second);
  }
  while (!state.endpoint_deadlines.empty() && state.endpoint_deadlines.begin()->first <= now_ns) {
    expire(batch, *state.endpoint_deadlines.begin()->second);
  }
}

}  // namespace penstock::control::rooms

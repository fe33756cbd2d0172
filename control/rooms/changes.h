#pragma once
// The steps of a batch: each is admitted and done, or refused; what a refused batch did is taken back by the batch.

#include <fmt/format.h>

#include <optional>
#include <tl/expected.hpp>

#include "control/rooms/batch.h"
#include "control/rooms/change.h"

namespace penstock::control::rooms {

struct Applied {
  bool created = false;
  bool changed = true;
};
using Verdict = tl::expected<Applied, Error>;

Verdict apply(Batch& batch, const PutRoom& change, const Precondition& precondition);
Verdict apply(Batch& batch, const DeleteRoom& change, const Precondition& precondition);
Verdict apply(Batch& batch, const RenewLease& change, const Precondition& precondition);
Verdict apply(Batch& batch, const PutEndpoint& change, const Precondition& precondition);
Verdict apply(Batch& batch, const PatchEndpoint& change, const Precondition& precondition);
Verdict apply(Batch& batch, const DeleteEndpoint& change, const Precondition& precondition);
Verdict apply(Batch& batch, const PutTrack& change, const Precondition& precondition);
Verdict apply(Batch& batch, const DeleteTrack& change, const Precondition& precondition);
Verdict apply(Batch& batch, const RequestKeyFrame& change, const Precondition& precondition);
Verdict apply(Batch& batch, const PutSubscription& change, const Precondition& precondition);
Verdict apply(Batch& batch, const PatchSubscription& change, const Precondition& precondition);
Verdict apply(Batch& batch, const DeleteSubscription& change, const Precondition& precondition);

/// `revision`: of the object as it is; nothing: it is not there. RFC 9110 section 13.2.2.
tl::expected<void, Error> check(const Precondition& precondition, const State& state,
                                std::optional<std::uint64_t> revision);

// Parts of the above that others use.
Verdict put_track(Batch& batch, Endpoint& endpoint, const std::string& id, const TrackSpec& spec,
                  const Precondition& precondition);
/// No place left in a worker's table: for now, or at all.
template <class T>
Error no_place(const SlotTable<T>& table, std::string_view what) {
  if (table.retiring() != 0) {
    return {ErrorKind::busy, "", fmt::format("the worker is still giving back places for {}; try again at once", what)};
  }
  return {ErrorKind::limit, "",
          fmt::format("the worker has no place for more {} (it has {}); raise the limit in the configuration", what,
                      table.size())};
}

// Removals, whoever wants them.
void remove(Batch& batch, Subscription& subscription);
/// Subscriptions to it lose their source, which is told with `reason`.
void remove(Batch& batch, Track& track, std::string_view reason);
void remove(Batch& batch, Endpoint& endpoint);
void remove(Batch& batch, Room& room);

/// Links the subscription to another track, or to none (which never fails). The caller compiles the operation.
tl::expected<void, Error> set_source(Batch& batch, Subscription& subscription, Track* track);
void set_ice(Batch& batch, Endpoint& endpoint, IceViewState state);
void set_dtls(Batch& batch, Endpoint& endpoint, DtlsState state);
/// 0: none.
void set_deadline(Batch& batch, Endpoint& endpoint, std::uint64_t at_ns);

Event event_of(EventType type, const Room& room);
Event event_of(EventType type, const Endpoint& endpoint);
Event event_of(EventType type, const Track& track);
Event event_of(EventType type, const Subscription& subscription);

}  // namespace penstock::control::rooms

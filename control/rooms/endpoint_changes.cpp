#include <algorithm>
#include <set>

#include "control/rooms/admission.h"
#include "control/rooms/changes.h"
#include "control/rooms/move.h"
#include "control/rooms/placement.h"
#include "control/rooms/random.h"
#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

constexpr std::size_t kCnameSize = 16;  // 96 random bits (RFC 7022 section 5)

/// Unique: a check's USERNAME is all that tells endpoints apart.
sfu::IceCredentials fresh_credentials(Batch& batch) {
  auto& fragments = batch.state().fragments;
  sfu::IceCredentials made;
  do {
    std::ranges::copy(random_ice_text(sfu::IceCredentials::kFragmentSize), made.fragment.begin());
  } while (fragments.contains(made.fragment));
  std::ranges::copy(random_ice_text(sfu::IceCredentials::kPasswordSize), made.password.begin());
  batch.insert(fragments, made.fragment);
  return made;
}

/// We are passive whenever we may be: who is server chooses the SRTP profile.
dtls::Role our_role(DtlsRole theirs) {
  return theirs == DtlsRole::passive ? dtls::Role::active : dtls::Role::passive;
}

void expect_handshake(Batch& batch, const Endpoint& endpoint) {
  batch.expect({.endpoint = ref_of(endpoint),
                .role = endpoint.dtls_role,
                .fingerprints = endpoint.spec.fingerprints,
                .association = endpoint.association});
}

std::uint64_t connect_deadline(const Batch& batch, const State& state) {
  return batch.now().monotonic_ns +
         static_cast<std::uint64_t>(std::chrono::nanoseconds(state.options.connect_timeout).count());
}

/// RFC 8445 section 9: signaling has new credentials of the remote side, so ours are to be new too.
void restart_ice(Batch& batch, Endpoint& endpoint) {
  batch.erase(batch.state().fragments, endpoint.parameters.ice.fragment);
  batch.assign(endpoint.parameters.ice, fresh_credentials(batch));
  batch.operation(endpoint.worker, sfu::RestartIce{endpoint.place.slot, endpoint.parameters.ice});
  if (endpoint.left_at) {  // where its client may go on sending checks
    batch.operation(endpoint.left_at->worker, sfu::RestartIce{endpoint.left_at->place.slot, endpoint.parameters.ice});
  }
  if (endpoint.ice != IceViewState::failed) return;
  set_ice(batch, endpoint, IceViewState::waiting);  // it has another chance
  batch.assign(endpoint.failure, std::string());
  set_deadline(batch, endpoint, connect_deadline(batch, batch.state()));
}

/// RFC 8842 section 4: another certificate or role is another association. Media goes on under the old keys until then.
void restart_dtls(Batch& batch, Endpoint& endpoint) {
  batch.assign(endpoint.dtls_role, our_role(endpoint.spec.dtls_role));
  batch.assign(endpoint.association, ++batch.state().last_association);  // what the old one reports is of no account
  batch.assign(endpoint.failure, std::string());
  set_dtls(batch, endpoint, DtlsState::waiting);
  set_deadline(batch, endpoint, connect_deadline(batch, batch.state()));
  if (endpoint.spec.fingerprints.empty()) {
    batch.forget(ref_of(endpoint));
  } else {
    expect_handshake(batch, endpoint);
  }
}

/// What is kept in the endpoint as it was given.
EndpointSpec own(const EndpointSpec& spec) {
  EndpointSpec kept = spec;
  kept.worker.reset();
  kept.tracks.reset();
  return kept;
}

void replace_own(Batch& batch, Endpoint& endpoint, const EndpointSpec& spec) {
  const EndpointSpec old = endpoint.spec;
  batch.assign(endpoint.spec, own(spec));
  const bool other_ice = old.ice_ufrag != spec.ice_ufrag || old.ice_pwd != spec.ice_pwd;
  if (other_ice && !old.ice_ufrag.empty()) restart_ice(batch, endpoint);
  if (old.fingerprints != spec.fingerprints || our_role(old.dtls_role) != our_role(spec.dtls_role)) {
    restart_dtls(batch, endpoint);
  }
  if (old.max_publish_bit_rate != spec.max_publish_bit_rate) {
    batch.assign(endpoint.parameters.max_publish_bit_rate, spec.max_publish_bit_rate);
    batch.operation(endpoint.worker, sfu::LimitPublisher{endpoint.place.slot, spec.max_publish_bit_rate});
  }
  batch.revise(endpoint);
  batch.event(event_of(EventType::endpoint_updated, endpoint));
}

/// Exactly these. Returns whether anything changed.
tl::expected<bool, Error> put_tracks(Batch& batch, Endpoint& endpoint,
                                     const std::vector<std::pair<std::string, TrackSpec>>& tracks) {
  std::set<std::string_view> wanted;
  for (const auto& [id, spec] : tracks) {
    if (!wanted.insert(id).second) return invalid("/tracks", "track '{}' is given twice", id);
  }
  bool changed = false;
  for (auto it = endpoint.tracks.begin(); it != endpoint.tracks.end();) {
    Track& track = *(it++)->second;
    if (wanted.contains(track.id)) continue;
    batch.event(event_of(EventType::track_deleted, track));
    remove(batch, track, "its track was deleted");
    changed = true;
  }
  for (const auto& [id, spec] : tracks) {
    const auto put = put_track(batch, endpoint, id, spec, {});
    if (!put) return tl::make_unexpected(within("tracks", id, put.error()));
    changed |= put->changed;
  }
  return changed;
}

tl::expected<void, Error> check_worker(const State& state, std::uint16_t worker) {
  if (worker < state.workers.size()) return {};
  return invalid("/worker", "there is no worker {}; they are numbered 0 to {}", worker, state.workers.size() - 1);
}

tl::expected<std::uint16_t, Error> worker_for(const State& state, const Room& room, const EndpointSpec& spec) {
  if (!spec.worker) return worker_of_new_endpoint(state, room);
  return check_worker(state, *spec.worker).map([&] { return *spec.worker; });
}

tl::expected<Endpoint*, Error> create(Batch& batch, Room& room, const PutEndpoint& change) {
  State& state = batch.state();
  const std::uint32_t limit =
      std::min(state.options.limits.endpoints_per_room, room.spec.limits.endpoints.value_or(UINT32_MAX));
  if (room.endpoints.size() >= limit) {
    return refuse(ErrorKind::limit, "", "room '{}' has {} endpoints already, which is its limit", room.id, limit);
  }
  const auto number = worker_for(state, room, change.spec);
  if (!number) return tl::make_unexpected(number.error());
  Worker& worker = *state.workers[*number];
  auto endpoint = std::make_shared<Endpoint>();
  const auto place = batch.acquire(worker.endpoints, endpoint.get());
  if (!place) return tl::make_unexpected(no_place(worker.endpoints, "endpoints"));
  endpoint->id = change.endpoint;
  endpoint->room = &room;
  endpoint->worker = *number;
  endpoint->place = *place;
  endpoint->created_unix_ms = batch.now().unix_ms;
  endpoint->spec = own(change.spec);
  endpoint->dtls_role = our_role(change.spec.dtls_role);
  endpoint->association = ++state.last_association;
  endpoint->parameters = {.ice = fresh_credentials(batch),
                          .cname = sfu::Cname(random_ice_text(kCnameSize)),
                          .max_publish_bit_rate = change.spec.max_publish_bit_rate};
  batch.revise(*endpoint);
  batch.insert(room.endpoints, endpoint);
  batch.add(room.endpoints_by_worker[endpoint->worker], +1);
  batch.add(worker.population.endpoints, +1);
  batch.add(worker.population.endpoints_by_ice[static_cast<std::size_t>(endpoint->ice)], +1);
  batch.add(worker.population.endpoints_by_dtls[static_cast<std::size_t>(endpoint->dtls)], +1);
  set_deadline(batch, *endpoint, connect_deadline(batch, state));
  batch.operation(endpoint->worker,
                  sfu::AddEndpoint{endpoint->place.slot, endpoint->place.generation, endpoint->parameters});
  if (!change.spec.fingerprints.empty()) expect_handshake(batch, *endpoint);
  batch.event(event_of(EventType::endpoint_created, *endpoint));
  return endpoint.get();
}

tl::expected<Endpoint*, Error> addressed(Batch& batch, std::string_view room, std::string_view id,
                                         const Precondition& precondition) {
  auto endpoint = find_endpoint(batch.state(), room, id);
  const auto revision = endpoint ? std::optional((*endpoint)->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  return endpoint;
}

}  // namespace

Verdict apply(Batch& batch, const PutEndpoint& change, const Precondition& precondition) {
  const auto room = find_room(batch.state(), change.room);
  if (!room) return tl::make_unexpected(room.error());
  if (auto ok = check_id("endpoint", change.endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = check(change.spec); !ok) return tl::make_unexpected(std::move(ok.error()));
  const auto there = (*room)->endpoints.find(change.endpoint);
  const bool exists = there != (*room)->endpoints.end();
  const auto revision = exists ? std::optional(there->second->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));

  Applied applied{.created = !exists, .changed = !exists};
  Endpoint* endpoint = exists ? there->second.get() : nullptr;
  if (exists) {
    if (auto ok = check_not_moving(*endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  }
  if (exists && change.spec.worker && *change.spec.worker != endpoint->worker) {
    return conflict("/worker", "endpoint '{}' is on worker {}; PATCH moves it, PUT leaves it where it is",
                    change.endpoint, endpoint->worker);
  }
  if (!exists) {
    const auto created = create(batch, **room, change);
    if (!created) return tl::make_unexpected(created.error());
    endpoint = *created;
  } else if (!(endpoint->spec == change.spec)) {
    replace_own(batch, *endpoint, change.spec);
    applied.changed = true;
  }
  if (change.spec.tracks) {
    const auto changed = put_tracks(batch, *endpoint, *change.spec.tracks);
    if (!changed) return tl::make_unexpected(changed.error());
    applied.changed |= *changed;
  }
  return applied;
}

Verdict apply(Batch& batch, const PatchEndpoint& change, const Precondition& precondition) {
  const auto endpoint = addressed(batch, change.room, change.endpoint, precondition);
  if (!endpoint) return tl::make_unexpected(endpoint.error());
  if (auto ok = check_not_moving(**endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  EndpointSpec spec = (*endpoint)->spec;
  if (change.patch.max_publish_bit_rate) spec.max_publish_bit_rate = *change.patch.max_publish_bit_rate;
  if (change.patch.metadata) spec.metadata = *change.patch.metadata;
  if (auto ok = check(spec); !ok) return tl::make_unexpected(std::move(ok.error()));
  const bool moves = change.patch.worker && *change.patch.worker != (*endpoint)->worker;
  if (moves) {
    if (auto ok = check_worker(batch.state(), *change.patch.worker); !ok) return tl::make_unexpected(ok.error());
  }
  if (spec == (*endpoint)->spec && !moves) return Applied{.changed = false};
  if (!(spec == (*endpoint)->spec)) replace_own(batch, **endpoint, spec);
  if (moves) {
    if (auto ok = begin_move(batch, **endpoint, *change.patch.worker); !ok) return tl::make_unexpected(ok.error());
  }
  return Applied{};
}

Verdict apply(Batch& batch, const DeleteEndpoint& change, const Precondition& precondition) {
  const auto endpoint = addressed(batch, change.room, change.endpoint, precondition);
  if (!endpoint) return tl::make_unexpected(endpoint.error());
  if (auto ok = check_not_moving(**endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  batch.event(event_of(EventType::endpoint_deleted, **endpoint));
  remove(batch, **endpoint);
  return Applied{};
}

}  // namespace penstock::control::rooms

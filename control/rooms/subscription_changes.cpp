#include <algorithm>
#include <array>

#include "control/rooms/admission.h"
#include "control/rooms/changes.h"
#include "control/rooms/move.h"
#include "control/rooms/random.h"
#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

/// More deleted subscriptions than that under one SRTP key are no use but an attack, or a mistake.
constexpr std::size_t kMostRetiredSsrcs = 65'536;

void compile_to(Batch& batch, const Subscription& subscription) {
  batch.operation(
      subscription.endpoint->worker,
      sfu::SetSubscription{subscription.place.slot, subscription.place.generation, subscription.parameters});
}

std::uint32_t fresh_ssrc(const EndpointIds& ids, std::uint32_t but) {
  for (;;) {
    const auto ssrc = static_cast<std::uint32_t>(random_number());
    if (ids.free(ssrc) && ssrc != but) return ssrc;
  }
}

void choose_ssrcs(const EndpointIds& ids, SubscriptionSpec& spec, sfu::SubscriptionParameters& parameters) {
  if (parameters.ssrc == 0) parameters.ssrc = fresh_ssrc(ids, parameters.rtx_ssrc);
  if (parameters.rtx_ssrc == 0 && parameters.rtx_payload_type != sfu::kNoPayloadType) {
    parameters.rtx_ssrc = fresh_ssrc(ids, parameters.ssrc);
  }
  spec.ssrc = parameters.ssrc;
  if (parameters.rtx_ssrc != 0) spec.rtx_ssrc = parameters.rtx_ssrc;
}

/// Sequence numbers start in the lower half: whoever misses the first packets of a stream that wraps soon would guess
/// its roll-over counter wrong (RFC 3711 section 3.3.1).
void choose_start(sfu::SubscriptionParameters& parameters) {
  const std::uint64_t numbers = random_number();
  parameters.first_sequence = static_cast<std::uint16_t>(numbers & 0x7fff);
  parameters.first_rtx_sequence = static_cast<std::uint16_t>(numbers >> 16 & 0x7fff);
  parameters.first_picture_id = static_cast<std::uint16_t>(numbers >> 32 & 0x7fff);
  parameters.first_timestamp = static_cast<std::uint32_t>(random_number());
}

bool same(const sfu::Feedback& a, const sfu::Feedback& b) {
  return a.nack == b.nack && a.pli == b.pli && a.fir == b.fir && a.remb == b.remb && a.transport == b.transport;
}

/// Which member of the description would change what was negotiated with the receiver; nullptr: none.
const char* renegotiated(const sfu::SubscriptionParameters& a, const sfu::SubscriptionParameters& b) {
  if (a.kind != b.kind) return "/kind";
  if (a.codec != b.codec || a.payload_type != b.payload_type || a.rtx_payload_type != b.rtx_payload_type) {
    return "/codecs";
  }
  if (!(a.mid == b.mid)) return "/mid";
  if (a.ssrc != b.ssrc) return "/ssrc";
  if (a.rtx_ssrc != b.rtx_ssrc) return "/rtx_ssrc";
  if (!(a.extensions == b.extensions)) return "/extensions";
  return same(a.feedback, b.feedback) ? nullptr : "/feedback";
}

/// nullptr: none is asked for.
tl::expected<Track*, Error> find_source(const State& state, const Room& room, const SubscriptionSpec& spec,
                                        const sfu::SubscriptionParameters& parameters) {
  if (!spec.track) return nullptr;
  const auto publisher = find_endpoint(state, room.id, spec.track->endpoint);
  if (!publisher) return refuse(ErrorKind::not_found, "/track/endpoint", "{}", publisher.error().sentence);
  const auto track = find_track(**publisher, spec.track->track);
  if (!track) return refuse(ErrorKind::not_found, "/track/track", "{}", track.error().sentence);
  const sfu::TrackParameters& source = (*track)->parameters;
  if (source.kind != parameters.kind || source.codec != parameters.codec) {
    return conflict("/track", "the track is {}, the receiver negotiated {}; nothing is transcoded",
                    sfu::kCodecNames[static_cast<std::size_t>(source.codec)],
                    sfu::kCodecNames[static_cast<std::size_t>(parameters.codec)]);
  }
  return *track;
}

tl::expected<void, Error> within_limits(const State& state, const Endpoint& endpoint) {
  const Room& room = *endpoint.room;
  if (endpoint.subscriptions.size() >= state.options.limits.subscriptions_per_endpoint) {
    return refuse(ErrorKind::limit, "",
                  "endpoint '{}' has {} subscriptions already, which is the configuration's limit", endpoint.id,
                  endpoint.subscriptions.size());
  }
  if (room.subscriptions >= room.spec.limits.subscriptions.value_or(UINT32_MAX)) {
    return refuse(ErrorKind::limit, "", "room '{}' has {} subscriptions already, which is its limit", room.id,
                  room.subscriptions);
  }
  if (endpoint.ids.retired() >= kMostRetiredSsrcs) {
    return refuse(ErrorKind::limit, "",
                  "endpoint '{}' had {} SSRCs under its SRTP key, none of which can be used again; it needs another "
                  "handshake",
                  endpoint.id, endpoint.ids.retired());
  }
  return {};
}

Verdict create(Batch& batch, Endpoint& endpoint, const std::string& id, SubscriptionSpec spec) {
  State& state = batch.state();
  Room& room = *endpoint.room;
  Worker& worker = state.worker_of(endpoint);
  auto parameters = compile(spec);
  if (!parameters) return tl::make_unexpected(std::move(parameters.error()));
  if (auto ok = within_limits(state, endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  const auto source = find_source(state, room, spec, *parameters);
  if (!source) return tl::make_unexpected(source.error());
  choose_ssrcs(endpoint.ids, spec, *parameters);
  choose_start(*parameters);
  if (auto ok = endpoint.ids.check(*parameters); !ok) return tl::make_unexpected(std::move(ok.error()));

  auto subscription = std::make_shared<Subscription>();
  const auto place = batch.acquire(worker.subscriptions, subscription.get());
  if (!place) return tl::make_unexpected(no_place(worker.subscriptions, "subscriptions"));
  subscription->id = id;
  subscription->place = *place;
  subscription->endpoint = &endpoint;
  subscription->negotiated = state.negotiated.share(spec);
  parameters->endpoint = endpoint.place.slot;
  subscription->parameters = *parameters;
  endpoint.ids.add(*parameters);
  batch.on_refusal([&endpoint, added = *parameters] { endpoint.ids.remove(added); });
  batch.revise(*subscription);
  batch.insert(endpoint.subscriptions, subscription);
  batch.add(room.subscriptions, +1);
  batch.add(worker.population.subscriptions, +1);
  if (auto ok = set_source(batch, *subscription, *source); !ok) return tl::make_unexpected(std::move(ok.error()));
  compile_to(batch, *subscription);
  batch.event(event_of(EventType::subscription_created, *subscription));
  return Applied{.created = true};
}

Verdict replace(Batch& batch, Subscription& subscription, SubscriptionSpec spec) {
  auto parameters = compile(spec);
  if (!parameters) return tl::make_unexpected(std::move(parameters.error()));
  const sfu::SubscriptionParameters& old = subscription.parameters;
  // SSRCs that were left to us stay as we chose them.
  if (!spec.ssrc) parameters->ssrc = old.ssrc;
  if (!spec.rtx_ssrc && parameters->rtx_payload_type != sfu::kNoPayloadType) parameters->rtx_ssrc = old.rtx_ssrc;
  if (const char* field = renegotiated(old, *parameters); field != nullptr) {
    return conflict(field,
                    "this was negotiated with the receiver and stays while the subscription lives; delete it and make "
                    "another");
  }
  const SubscriptionSpec was = spec_of(subscription);
  spec.ssrc = was.ssrc;
  spec.rtx_ssrc = was.rtx_ssrc;
  if (spec == was) return Applied{.changed = false};
  const auto source = find_source(batch.state(), *subscription.endpoint->room, spec, *parameters);
  if (!source) return tl::make_unexpected(source.error());
  if (auto ok = set_source(batch, subscription, *source); !ok) return tl::make_unexpected(std::move(ok.error()));
  parameters->endpoint = old.endpoint;
  parameters->track = old.track;
  parameters->first_sequence = old.first_sequence;
  parameters->first_rtx_sequence = old.first_rtx_sequence;
  parameters->first_timestamp = old.first_timestamp;
  parameters->first_picture_id = old.first_picture_id;
  batch.assign(subscription.parameters, *parameters);
  batch.assign(subscription.negotiated, batch.state().negotiated.share(spec));
  batch.revise(subscription);
  compile_to(batch, subscription);
  batch.event(event_of(EventType::subscription_updated, subscription));
  return Applied{};
}

tl::expected<Subscription*, Error> addressed(Batch& batch, std::string_view room, std::string_view endpoint,
                                             std::string_view id, const Precondition& precondition) {
  const auto receiver = find_endpoint(batch.state(), room, endpoint);
  if (!receiver) return tl::make_unexpected(receiver.error());
  auto subscription = find_subscription(**receiver, id);
  const auto revision = subscription ? std::optional((*subscription)->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = check_not_moving(**receiver); !ok) return tl::make_unexpected(std::move(ok.error()));
  return subscription;
}

}  // namespace

Verdict apply(Batch& batch, const PutSubscription& change, const Precondition& precondition) {
  const auto endpoint = find_endpoint(batch.state(), change.room, change.endpoint);
  if (!endpoint) return tl::make_unexpected(endpoint.error());
  if (auto ok = check_not_moving(**endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = check_id("subscription", change.subscription); !ok) return tl::make_unexpected(std::move(ok.error()));
  const auto there = (*endpoint)->subscriptions.find(change.subscription);
  const bool exists = there != (*endpoint)->subscriptions.end();
  const auto revision = exists ? std::optional(there->second->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  return exists ? replace(batch, *there->second, change.spec)
                : create(batch, **endpoint, change.subscription, change.spec);
}

Verdict apply(Batch& batch, const PatchSubscription& change, const Precondition& precondition) {
  const auto subscription = addressed(batch, change.room, change.endpoint, change.subscription, precondition);
  if (!subscription) return tl::make_unexpected(subscription.error());
  SubscriptionSpec spec = spec_of(**subscription);
  const SubscriptionPatch& patch = change.patch;
  if (patch.track) spec.track = *patch.track;
  if (patch.max_spatial_layer) spec.max_spatial_layer = *patch.max_spatial_layer;
  if (patch.max_temporal_layer) spec.max_temporal_layer = *patch.max_temporal_layer;
  if (patch.priority) spec.priority = *patch.priority;
  if (patch.paused) spec.paused = *patch.paused;
  return replace(batch, **subscription, std::move(spec));
}

Verdict apply(Batch& batch, const DeleteSubscription& change, const Precondition& precondition) {
  const auto subscription = addressed(batch, change.room, change.endpoint, change.subscription, precondition);
  if (!subscription) return tl::make_unexpected(subscription.error());
  batch.event(event_of(EventType::subscription_deleted, **subscription));
  remove(batch, **subscription);
  return Applied{};
}

}  // namespace penstock::control::rooms

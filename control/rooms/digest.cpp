#include "control/rooms/digest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace penstock::control::rooms {
namespace {

using Text = std::back_insert_iterator<std::string>;

std::string text_of(const sfu::Feedback& f) {
  return fmt::format("{:d}{:d}{:d}{:d}{:d}", f.nack, f.pli, f.fir, f.remb, f.transport);
}

std::string text_of(const rtp::ExtensionIds& ids) {
  std::string text;
  for (std::size_t i = 0; i < rtp::kExtensions; ++i) {
    fmt::format_to(std::back_inserter(text), "{},", ids[static_cast<rtp::Extension>(i)]);
  }
  return text;
}

void write(Text to, const Subscription& s) {
  const auto& p = s.parameters;
  fmt::format_to(to, "   subscription {} r{} place {}.{} of {}.{} track {} kind {} pt {}/{} mid '{}' ssrc {}/{}", s.id,
                 s.revision, s.place.slot, s.place.generation, p.endpoint, static_cast<int>(p.codec), p.track,
                 static_cast<int>(p.kind), p.payload_type, p.rtx_payload_type, p.mid.view(), p.ssrc, p.rtx_ssrc);
  fmt::format_to(to, " ext {} fb {} layers {}/{} priority {} paused {} start {},{},{},{} source {}",
                 text_of(p.extensions), text_of(p.feedback), p.max_spatial_layer, p.max_temporal_layer, p.priority,
                 p.paused, p.first_sequence, p.first_rtx_sequence, p.first_timestamp, p.first_picture_id,
                 s.source == nullptr ? "none" : s.source->endpoint->id + "/" + s.source->id);
  fmt::format_to(to, "\n");
}

void write(Text to, const Track& t) {
  const auto& p = t.parameters;
  fmt::format_to(to, "   track {} r{} place {}.{} of {}.{} kind {} pt {}/{} mid '{}' ext {} fb {}", t.id, t.revision,
                 t.place.slot, t.place.generation, p.endpoint, static_cast<int>(p.codec), static_cast<int>(p.kind),
                 p.payload_type, p.rtx_payload_type, p.mid.view(), text_of(p.extensions), text_of(p.feedback));
  for (std::size_t i = 0; i < p.encoding_count; ++i) {
    const auto& e = p.encodings[i];
    fmt::format_to(to, " [{} {} {}]", e.ssrc, e.rtx_ssrc, e.rid.view());
  }
  std::vector<std::string> to_whom;
  for (const Subscription* s : t.subscriptions) to_whom.push_back(s->endpoint->id + "/" + s->id);
  std::ranges::sort(to_whom);
  for (const Mirror& m : t.mirrors) {
    fmt::format_to(to, " mirror {}:{}.{} users {}", m.worker, m.place.slot, m.place.generation, m.users);
  }
  fmt::format_to(to, " to {}\n", fmt::join(to_whom, " "));
}

void write(Text to, const Endpoint& e) {
  fmt::format_to(
      to, "  endpoint {} r{} on {}{} place {}.{} ice {}:{} cname {} cap {} role {} state {}/{}/{} '{}' deadline {}",
      e.id, e.revision, e.worker, e.move != nullptr ? fmt::format("->{}", e.move->wanted) : "", e.place.slot,
      e.place.generation, std::string_view(e.parameters.ice.fragment.data(), e.parameters.ice.fragment.size()),
      std::string_view(e.parameters.ice.password.data(), e.parameters.ice.password.size()), e.parameters.cname.view(),
      e.parameters.max_publish_bit_rate, static_cast<int>(e.dtls_role), static_cast<int>(e.ice),
      static_cast<int>(e.dtls), e.keyed, e.failure, e.deadline_ns);
  fmt::format_to(to, " remote {}:{} {} '{}' expire {} retired {}\n", e.spec.ice_ufrag, e.spec.ice_pwd,
                 e.spec.fingerprints.size(), e.spec.metadata, e.spec.expire_when_lost, e.ids.retired());
  for (const auto& [id, track] : e.tracks) write(to, *track);
  for (const auto& [id, subscription] : e.subscriptions) write(to, *subscription);
}

void write(Text to, const Room& r) {
  fmt::format_to(to, " room {} r{} worker {} seats {}@{} '{}' tracks {} subscriptions {} lease {} {} limits {},{},{}\n",
                 r.id, r.revision, r.home, r.speakers.seats, r.speakers.room, r.spec.metadata, r.tracks,
                 r.subscriptions, r.spec.lease ? r.spec.lease->owner : "-", r.lease_deadline_ns,
                 r.spec.limits.endpoints.value_or(UINT32_MAX), r.spec.limits.tracks.value_or(UINT32_MAX),
                 r.spec.limits.subscriptions.value_or(UINT32_MAX));
  for (const auto& [id, endpoint] : r.endpoints) write(to, *endpoint);
}

template <class T>
void write(Text to, std::string_view name, const SlotTable<T>& table) {
  fmt::format_to(to, "  {} free {} available {} retiring {}\n", name, fmt::join(table.free_places(), ","),
                 table.available(), table.retiring());
}

void write(Text to, const Worker& w) {
  fmt::format_to(to, " worker posted {} population {} {} {} {} {} ice {} dtls {}\n", w.posted, w.population.rooms,
                 w.population.endpoints, w.population.tracks, w.population.mirrors, w.population.subscriptions,
                 fmt::join(w.population.endpoints_by_ice, ","), fmt::join(w.population.endpoints_by_dtls, ","));
  write(to, "endpoints", w.endpoints);
  write(to, "tracks", w.tracks);
  write(to, "subscriptions", w.subscriptions);
}

}  // namespace

std::string digest_of(const State& state) {
  std::string text;
  const Text to = std::back_inserter(text);
  fmt::format_to(to, "revision {} seats {} moving {} leases {} owners {} deadlines {}", state.last_revision,
                 state.seated_rooms.available(), state.moving.size(), state.lease_deadlines.size(),
                 state.rooms_by_owner.size(), state.endpoint_deadlines.size());
  for (const auto& fragment : state.fragments) {
    fmt::format_to(to, " {}", std::string_view(fragment.data(), fragment.size()));
  }
  fmt::format_to(to, "\n");
  for (const auto& [id, room] : state.rooms) write(to, *room);
  for (const auto& worker : state.workers) write(to, *worker);
  return text;
}

}  // namespace penstock::control::rooms

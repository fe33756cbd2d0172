#include "control/lifecycle/read_rooms.h"

namespace penstock::control {
namespace {

template <class Names, class Counts>
LabelledCounts labelled(const Names& names, const Counts& counts) {
  LabelledCounts out;
  for (std::size_t i = 0; i < names.size(); ++i) out.emplace_back(names[i], counts[i]);
  return out;
}

// Over all handshake threads.
template <class Names, class Read>
LabelledCounts summed(const dtls::Handshakes& handshakes, const Names& names, Read&& read) {
  LabelledCounts out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::uint64_t sum = 0;
    for (std::size_t thread = 0; thread < handshakes.threads(); ++thread) sum += read(handshakes.counters(thread), i);
    out.emplace_back(names[i], sum);
  }
  return out;
}

void read_handshakes(RoomsState& state, const dtls::Handshakes& handshakes) {
  using dtls::Counters;
  state.handshakes =
      summed(handshakes, dtls::kResultNames, [](const Counters& c, std::size_t i) { return c.results[i].get(); });
  state.handshake_datagrams =
      summed(handshakes, dtls::kFateNames, [](const Counters& c, std::size_t i) { return c.datagrams[i].get(); });
  std::array<std::string_view, srtp::kProfileCount> profiles;
  for (std::size_t i = 0; i < profiles.size(); ++i) profiles[i] = srtp::name(static_cast<srtp::Profile>(i));
  state.srtp_profiles =
      summed(handshakes, profiles, [](const Counters& c, std::size_t i) { return c.profiles[i].get(); });
}

}  // namespace

RoomsState read_rooms(const rooms::Rooms& rooms, const dtls::Handshakes& handshakes, const HttpFront* front) {
  const rooms::Statistics statistics = rooms.statistics();
  const rooms::Population population = statistics.population();
  RoomsState state;
  state.rooms = population.rooms;
  state.endpoints_by_ice = labelled(rooms::kIceViewStateNames, population.endpoints_by_ice);
  state.endpoints_by_dtls = labelled(rooms::kDtlsStateNames, population.endpoints_by_dtls);
  read_handshakes(state, handshakes);
  const rooms::Expiries& expired = statistics.expiries;
  state.expiries = {{"lease", expired.leases},
                    {"never_connected", expired.never_connected},
                    {"lost", expired.lost},
                    {"handshake_failed", expired.handshake_failed}};
  state.events = statistics.events;
  state.event_listeners = statistics.listeners;
  if (front != nullptr) {
    const whip::Statistics sessions = front->whip().statistics();
    state.whip_sessions = {{"publisher", sessions.publishers}, {"player", sessions.players}};
  }
  return state;
}

}  // namespace penstock::control

#include "control/rooms/view_of.h"
#include "control/rooms/watch.h"

namespace penstock::control::rooms {
namespace {

/// Whether a packet came under the latest keys. After other keys, packets count from the first look at which the worker
/// has the new ones.
bool heard_under_latest_keys(Endpoint::Unsettled& unsettled, std::uint64_t received_packets) {
  if (!unsettled.received_packets) unsettled.received_packets = received_packets;
  return received_packets > *unsettled.received_packets;
}

}  // namespace

void settle(State& state, const UpdateSink& sink, Handshaker& handshaker) {
  for (std::uint16_t number = 0; number < state.workers.size(); ++number) {
    const std::uint64_t applied = sink.applied(number);
    for (const auto& entry : state.workers[number]->endpoints.entries()) {
      Endpoint* endpoint = entry.user;
      if (endpoint == nullptr || !endpoint->unsettled || applied < endpoint->unsettled->update) continue;
      if (endpoint->dtls != DtlsState::secured) {
        endpoint->unsettled.reset();  // another association is under way, or none
        continue;
      }
      const auto* status = status_of(state, *endpoint);
      if (status == nullptr || !heard_under_latest_keys(*endpoint->unsettled, status->received_packets.get())) continue;
      endpoint->unsettled.reset();
      handshaker.settle({number, endpoint->place.slot, endpoint->place.generation});
    }
  }
}

}  // namespace penstock::control::rooms

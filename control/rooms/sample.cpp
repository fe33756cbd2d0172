#include <algorithm>

#include "control/rooms/view_of.h"
#include "control/rooms/watch.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::control::rooms {
namespace {

Totals counts_of(const sfu::EndpointStatus& status) {
  Totals counts;
  counts.received_packets = status.received_packets.get();
  counts.received_bytes = status.received_bytes.get();
  counts.sent_packets = status.sent_packets.get();
  counts.sent_bytes = status.sent_bytes.get();
  counts.authentication_failures = status.authentication_failures.get();
  counts.replays = status.replays.get();
  counts.unknown_streams = status.unknown_streams.get();
  counts.checks = status.checks.get();
  counts.checks_refused = status.checks_refused.get();
  counts.handshake_datagrams = status.handshake_datagrams.get();
  return counts;
}

Totals counts_of(const sfu::TrackStatus& status) {
  Totals counts;
  for (const sfu::EncodingStatus& encoding : status.encodings) {
    counts.published_packets += encoding.packets.get();
    counts.published_bytes += encoding.bytes.get();
    counts.frames += encoding.frames.get();
    counts.key_frames += encoding.key_frames.get();
    counts.lost += encoding.lost.get();
    counts.recovered += encoding.recovered.get();
    counts.nacks_sent += encoding.nacks_sent.get();
    counts.plis_sent += encoding.plis_sent.get();
  }
  return counts;
}

Totals counts_of(const sfu::SubscriptionStatus& status) {
  Totals counts;
  counts.forwarded_packets = status.packets.get();
  counts.forwarded_bytes = status.bytes.get();
  counts.retransmitted = status.retransmitted.get();
  counts.nacked = status.nacked.get();
  counts.not_found = status.not_found.get();
  counts.plis_received = status.plis.get();
  counts.key_frame_waits = status.key_frame_waits.get();
  counts.layer_switches = status.layer_switches.get();
  return counts;
}

/// What is more than at the last sample. A count that fell (lost packets that came late) adds nothing.
void add_growth(Totals& totals, Totals& sampled, const Totals& now) {
  for (const auto field : kTotalFields) {
    if (now.*field <= sampled.*field) continue;
    totals.*field += now.*field - sampled.*field;
    sampled.*field = now.*field;
  }
}

/// The worker is through with the slot, whose counts are final.
template <class User, class Status>
void reclaim(SlotTable<User>& table, const net::LazyArray<Status>& statuses, std::uint64_t applied, Totals& totals) {
  table.reclaim(applied, [&](Place place, typename SlotTable<User>::Entry& entry) {
    const Status& status = statuses[place.slot];
    if (status.generation.get() == place.generation) add_growth(totals, entry.sampled, counts_of(status));
  });
}

/// Calls each(user, status) for every user of the table whose status is there.
template <class User, class Each>
void sample_table(const State& state, SlotTable<User>& table, Totals& totals, Each&& each) {
  for (auto& entry : table.entries()) {
    if (entry.user == nullptr) continue;
    const auto* status = status_of(state, *entry.user);
    if (status == nullptr) continue;
    add_growth(totals, entry.sampled, counts_of(*status));
    each(*entry.user, *status);
  }
}

void sample(State& state, Worker& worker, std::uint64_t elapsed_ns) {
  worker.received_bit_rate = 0;
  worker.sent_bit_rate = 0;
  sample_table(state, worker.endpoints, worker.totals, [&](Endpoint& endpoint, const sfu::EndpointStatus& status) {
    endpoint.received.sample(status.received_bytes.get(), elapsed_ns);
    endpoint.sent.sample(status.sent_bytes.get(), elapsed_ns);
    endpoint.room->received_bit_rate += endpoint.received.bit_rate;
    endpoint.room->sent_bit_rate += endpoint.sent.bit_rate;
    worker.received_bit_rate += endpoint.received.bit_rate;
    worker.sent_bit_rate += endpoint.sent.bit_rate;
  });
  sample_table(state, worker.tracks, worker.totals, [&](Track& track, const sfu::TrackStatus& status) {
    for (std::size_t i = 0; i < track.parameters.encoding_count; ++i) {
      track.received[i].sample(status.encodings[i].bytes.get(), elapsed_ns);
    }
  });
  sample_table(state, worker.subscriptions, worker.totals,
               [&](Subscription& subscription, const sfu::SubscriptionStatus& status) {
                 subscription.sent.sample(status.bytes.get(), elapsed_ns);
               });
}

void wipe(sfu::Update& update) {
  for (sfu::Operation& operation : update.operations) {
    if (auto* keys = std::get_if<sfu::InstallKeys>(&operation)) {
      srtp::wipe(keys->receive);
      srtp::wipe(keys->send);
    }
  }
}

}  // namespace

void reclaim(State& state, const UpdateSink& sink) {
  for (std::uint16_t number = 0; number < state.workers.size(); ++number) {
    Worker& worker = *state.workers[number];
    const std::uint64_t applied = sink.applied(number);
    for (; !worker.in_flight.empty() && worker.in_flight.front()->number <= applied; worker.in_flight.pop_front()) {
      wipe(*worker.in_flight.front());
    }
    const sfu::Board& board = *worker.media.board;
    reclaim(worker.endpoints, board.endpoints, applied, worker.totals);
    reclaim(worker.tracks, board.tracks, applied, worker.totals);
    reclaim(worker.subscriptions, board.subscriptions, applied, worker.totals);
  }
}

void sample(State& state, std::uint64_t elapsed_ns) {
  for (const auto& [id, room] : state.rooms) {
    room->received_bit_rate = 0;
    room->sent_bit_rate = 0;
  }
  for (const auto& worker : state.workers) sample(state, *worker, elapsed_ns);
}

}  // namespace penstock::control::rooms

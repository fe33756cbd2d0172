#include <algorithm>

#include "control/rooms/view_of.h"
#include "control/rooms/watch.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::control::rooms {
namespace {

Counts<Endpoint> counts_of(const sfu::EndpointStatus& s) {
  return {s.received_packets.get(),
          s.received_bytes.get(),
          s.sent_packets.get(),
          s.sent_bytes.get(),
          s.authentication_failures.get(),
          s.replays.get(),
          s.unknown_streams.get(),
          s.checks.get(),
          s.checks_refused.get(),
          s.handshake_datagrams.get()};
}

Counts<Track> counts_of(const sfu::TrackStatus& status) {
  Counts<Track> sum{};
  for (const sfu::EncodingStatus& s : status.encodings) {
    const Counts<Track> of = {s.packets.get(), s.bytes.get(),     s.frames.get(),     s.key_frames.get(),
                              s.lost.get(),    s.recovered.get(), s.nacks_sent.get(), s.plis_sent.get()};
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += of[i];
  }
  return sum;
}

Counts<Subscription> counts_of(const sfu::SubscriptionStatus& s) {
  return {s.packets.get(),   s.bytes.get(), s.retransmitted.get(),   s.nacked.get(),
          s.not_found.get(), s.plis.get(),  s.key_frame_waits.get(), s.layer_switches.get()};
}

/// What is more than at the last sample. A count that fell (lost packets that came late) adds nothing.
template <class Object>
void add_growth(Totals& totals, Counts<Object>& sampled, const Counts<Object>& now) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i] <= sampled[i]) continue;
    totals.*kTotalsOf<Object>[i] += now[i] - sampled[i];
    sampled[i] = now[i];
  }
}

/// The worker is through with the slot, whose counts are final.
template <class User, class Status>
void reclaim(SlotTable<User>& table, const net::LazyArray<Status>& statuses, std::uint64_t applied, Totals& totals) {
  table.reclaim(applied, [&](Place place, typename SlotTable<User>::Entry& entry) {
    const Status& status = statuses[place.slot];
    if (status.generation.get() == place.generation) add_growth<User>(totals, entry.sampled, counts_of(status));
  });
}

/// Calls each(user, status) for the users of the table from sweep.slot on whose status is there, and takes `most` down
/// by as many places. True at the table's end.
template <class User, class Each>
bool sample_table(const State& state, SlotTable<User>& table, Totals& totals, Sweep& sweep, std::size_t& most,
                  Each&& each) {
  auto& entries = table.entries();
  for (; sweep.slot < entries.size(); ++sweep.slot) {
    if (most == 0) return false;
    --most;
    auto& entry = entries[sweep.slot];
    if (entry.user == nullptr) continue;
    const auto* status = status_of(state, *entry.user);
    if (status == nullptr) continue;
    add_growth<User>(totals, entry.sampled, counts_of(*status));
    each(*entry.user, *status);
  }
  sweep.slot = 0;
  ++sweep.table;
  return true;
}

/// True when all of its tables are done.
bool sample(State& state, Worker& worker, std::size_t& most) {
  Sweep& sweep = state.sweep;
  const auto endpoint = [&](Endpoint& e, const sfu::EndpointStatus& status) {
    e.received.sample(status.received_bytes.get(), sweep.elapsed_ns);
    e.sent.sample(status.sent_bytes.get(), sweep.elapsed_ns);
    e.room->bit_rates.add(e.received.bit_rate, e.sent.bit_rate);
    worker.bit_rates.add(e.received.bit_rate, e.sent.bit_rate);
  };
  const auto track = [&](Track& t, const sfu::TrackStatus& status) {
    for (std::size_t i = 0; i < t.parameters.encoding_count; ++i) {
      t.received[i].sample(status.encodings[i].bytes.get(), sweep.elapsed_ns);
    }
  };
  const auto subscription = [&](Subscription& s, const sfu::SubscriptionStatus& status) {
    s.sent.sample(status.bytes.get(), sweep.elapsed_ns);
  };
  if (sweep.table == 0 && !sample_table(state, worker.endpoints, worker.totals, sweep, most, endpoint)) return false;
  if (sweep.table == 1 && !sample_table(state, worker.tracks, worker.totals, sweep, most, track)) return false;
  return sample_table(state, worker.subscriptions, worker.totals, sweep, most, subscription);
}

bool expects_arrivals(const State& state, std::uint16_t worker) {
  return std::ranges::any_of(state.moving, [worker](const Endpoint* endpoint) {
    return endpoint->move->to == worker && endpoint->move->transfer != nullptr;
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
    // Who is unpacked there may still look for a track that has ended: nobody else's is to be found in its place.
    if (!expects_arrivals(state, number)) reclaim(worker.tracks, board.tracks, applied, worker.totals);
    reclaim(worker.subscriptions, board.subscriptions, applied, worker.totals);
  }
  state.seated_rooms.reclaim([&sink](std::uint16_t worker) { return sink.applied(worker); });
}

bool sample(State& state, std::size_t most) {
  Sweep& sweep = state.sweep;
  for (; sweep.worker < state.workers.size(); ++sweep.worker, sweep.table = 0) {
    if (!sample(state, *state.workers[sweep.worker], most)) return false;
  }
  for (const auto& worker : state.workers) worker->bit_rates.turn_over();
  for (const auto& [id, room] : state.rooms) room->bit_rates.turn_over();
  sweep = {.began_ns = sweep.began_ns};
  return true;
}

}  // namespace penstock::control::rooms

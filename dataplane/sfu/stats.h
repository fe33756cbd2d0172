#pragma once
// What the SFU service counts on each worker; metrics read it live. No labels by room or endpoint.

#include <array>
#include <cstdint>

#include "dataplane/net/counter.h"

namespace penstock::sfu {

/// Upper bounds of the forward latency histogram, nanoseconds; the last bucket has none.
inline constexpr std::array<std::uint64_t, 12> kLatencyBounds_ns = {
    5'000, 10'000, 20'000, 50'000, 100'000, 200'000, 500'000, 1'000'000, 2'000'000, 5'000'000, 10'000'000, 50'000'000};

struct LatencyHistogram {
  std::array<net::Counter, kLatencyBounds_ns.size() + 1> buckets;
  net::Counter sum_ns;

  void add(std::uint64_t ns, std::uint64_t count) {
    std::size_t i = 0;
    while (i < kLatencyBounds_ns.size() && ns > kLatencyBounds_ns[i]) ++i;
    buckets[i].add(count);
    sum_ns.add(ns * count);
  }
};

struct Stats {
  net::Counter endpoints, tracks, subscriptions;  // gauges
  net::Counter forwarding_addresses;              // gauge: endpoints that moved from here and are still reached here
  net::Counter endpoints_moved_in, endpoints_moved_out;

  net::Counter operations;  // of control's updates, applied

  net::Counter received_packets, received_bytes;    // RTP from publishers, authentic, as UDP payload
  net::Counter forwarded_packets, forwarded_bytes;  // RTP to subscribers, as UDP payload
  net::Counter rtcp_received, rtcp_sent;            // datagrams
  // TSC cycles of the fan-out: all of it, and as parts of that encryption and what hands packets to the port.
  net::Counter fan_out_cycles, protect_cycles, send_cycles;

  net::Counter checks, checks_forged, checks_unknown, checks_role_conflicts, checks_pair_taken;
  net::Counter pairs_selected, consents_lost;
  net::Counter handshake_received, handshake_sent, handshake_overflows, handshake_unchecked;

  net::Counter srtp_forged, srtp_replayed, srtcp_forged, srtcp_replayed, streams_unknown, streams_learned;
  net::Counter ssrc_collisions;
  net::Counter not_forwarded;       // published packets whose track's subscriptions could not be served in time
  net::Counter outgoing_exhausted;  // packets that were not sent because no buffer was left

  // Rooms over several workers. Shared: given to a mirror of another worker; lost: its lane was full, or it has as much
  // as may be lent. Taken: what mirrors of this worker got; unclaimed: for a mirror that is not there (yet, any more);
  // unplaced: no view of it was left.
  net::Counter mirrors, mirrors_fed;  // gauges: here, which are not among the tracks; elsewhere, of tracks here
  net::Counter packets_unheard;       // audio of tracks without a seat among the speakers of their room
  net::Counter packets_out_of_place;  // audio of tracks with one, whose place was given up: late, or there already
  net::Counter views;                 // gauge: packets of other workers that are kept here
  net::Counter packets_shared, packets_share_lost, packets_taken, packets_unclaimed, packets_unplaced;
  net::Counter wishes_sent, wishes_lost, wishes_received;

  net::Counter nacks_received, nacks_sent;  // sequence numbers asked for
  net::Counter plis_received, firs_received, plis_sent, firs_sent;
  net::Counter key_frames_received, key_frame_waits, layer_switches;
  net::Counter retransmitted, retransmissions_received, not_found, retransmissions_held_back;
  net::Counter transport_feedback_received, transport_feedback_sent;

  net::Counter media_packets, media_capacity;  // gauges: the media store
  LatencyHistogram latency;                    // arrival of a packet to its last copy handed to the port
};

}  // namespace penstock::sfu

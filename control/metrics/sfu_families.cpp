#include "control/metrics/sfu_families.h"

namespace penstock::control {
namespace {

using sfu::Stats;
constexpr auto kCounter = MetricKind::counter;
constexpr auto kGauge = MetricKind::gauge;

/// One time series per worker, with one more label at most.
struct Row {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
  net::Counter Stats::* counter;
  std::string_view label = {};
  std::string_view value = {};
};

// Rows of one name stand together.
constexpr Row kRows[] = {
    {"penstock_sfu_endpoints", kGauge, "Endpoints on the worker.", &Stats::endpoints},
    {"penstock_sfu_tracks", kGauge, "Published tracks.", &Stats::tracks},
    {"penstock_sfu_subscriptions", kGauge, "Subscriptions.", &Stats::subscriptions},
    {"penstock_sfu_forwarding_addresses", kGauge, "Endpoints on other workers that are reached by this one's port.",
     &Stats::forwarding_addresses},
    {"penstock_sfu_moves_total", kCounter, "Endpoints that moved between workers.", &Stats::endpoints_moved_in,
     "direction", "in"},
    {"penstock_sfu_moves_total", kCounter, "Endpoints that moved between workers.", &Stats::endpoints_moved_out,
     "direction", "out"},
    {"penstock_sfu_mirrors", kGauge, "Tracks of other workers that are forwarded here, too.", &Stats::mirrors},
    {"penstock_sfu_mirrors_fed", kGauge, "Mirrors on other workers of tracks that are here.", &Stats::mirrors_fed},
    {"penstock_sfu_neighbour_packets_total", kCounter, "Packets between workers for mirrors of tracks, by fate.",
     &Stats::packets_shared, "fate", "shared"},
    {"penstock_sfu_neighbour_packets_total", kCounter, "Packets between workers for mirrors of tracks, by fate.",
     &Stats::packets_share_lost, "fate", "lost"},
    {"penstock_sfu_neighbour_packets_total", kCounter, "Packets between workers for mirrors of tracks, by fate.",
     &Stats::packets_taken, "fate", "taken"},
    {"penstock_sfu_neighbour_packets_total", kCounter, "Packets between workers for mirrors of tracks, by fate.",
     &Stats::packets_unclaimed, "fate", "unclaimed"},
    {"penstock_sfu_neighbour_packets_total", kCounter, "Packets between workers for mirrors of tracks, by fate.",
     &Stats::packets_unplaced, "fate", "unplaced"},
    {"penstock_sfu_neighbour_wishes_total", kCounter, "Key frames that mirrors asked their tracks for.",
     &Stats::wishes_sent, "fate", "sent"},
    {"penstock_sfu_neighbour_wishes_total", kCounter, "Key frames that mirrors asked their tracks for.",
     &Stats::wishes_lost, "fate", "lost"},
    {"penstock_sfu_neighbour_wishes_total", kCounter, "Key frames that mirrors asked their tracks for.",
     &Stats::wishes_received, "fate", "received"},
    {"penstock_sfu_unheard_packets_total", kCounter, "Audio of tracks that were not among their room's speakers.",
     &Stats::packets_unheard},
    {"penstock_sfu_misplaced_packets_total", kCounter,
     "Audio of speakers that came when its place in what is forwarded was given up.", &Stats::packets_out_of_place},
    {"penstock_sfu_views", kGauge, "Packets of other workers that are kept here.", &Stats::views},
    {"penstock_sfu_operations_total", kCounter, "Operations of control's updates, applied.", &Stats::operations},
    {"penstock_sfu_received_packets_total", kCounter, "RTP packets from publishers, authentic.",
     &Stats::received_packets},
    {"penstock_sfu_received_bytes_total", kCounter, "Their UDP payload.", &Stats::received_bytes},
    {"penstock_sfu_forwarded_packets_total", kCounter, "RTP packets to subscribers, retransmissions included.",
     &Stats::forwarded_packets},
    {"penstock_sfu_forwarded_bytes_total", kCounter, "Their UDP payload.", &Stats::forwarded_bytes},
    {"penstock_sfu_rtcp_datagrams_total", kCounter, "RTCP datagrams.", &Stats::rtcp_received, "direction", "received"},
    {"penstock_sfu_rtcp_datagrams_total", kCounter, "RTCP datagrams.", &Stats::rtcp_sent, "direction", "sent"},
    {"penstock_sfu_nacked_packets_total", kCounter, "Packets asked for again by NACK.", &Stats::nacks_received,
     "direction", "received"},
    {"penstock_sfu_nacked_packets_total", kCounter, "Packets asked for again by NACK.", &Stats::nacks_sent, "direction",
     "sent"},
    {"penstock_sfu_retransmitted_packets_total", kCounter, "Packets sent again.", &Stats::retransmitted, "direction",
     "sent"},
    {"penstock_sfu_retransmitted_packets_total", kCounter, "Packets sent again.", &Stats::retransmissions_received,
     "direction", "received"},
    {"penstock_sfu_retransmissions_refused_total", kCounter, "Asked for, and not sent again.", &Stats::not_found,
     "reason", "not_kept"},
    {"penstock_sfu_retransmissions_refused_total", kCounter, "Asked for, and not sent again.",
     &Stats::retransmissions_held_back, "reason", "held_back"},
    {"penstock_sfu_key_frame_requests_total", kCounter, "PLI and FIR.", &Stats::plis_received, "request",
     "pli_received"},
    {"penstock_sfu_key_frame_requests_total", kCounter, "PLI and FIR.", &Stats::plis_sent, "request", "pli_sent"},
    {"penstock_sfu_key_frame_requests_total", kCounter, "PLI and FIR.", &Stats::firs_received, "request",
     "fir_received"},
    {"penstock_sfu_key_frame_requests_total", kCounter, "PLI and FIR.", &Stats::firs_sent, "request", "fir_sent"},
    {"penstock_sfu_key_frames_total", kCounter, "Key frames from publishers.", &Stats::key_frames_received},
    {"penstock_sfu_key_frame_waits_total", kCounter, "Times that a subscription had to wait for a key frame.",
     &Stats::key_frame_waits},
    {"penstock_sfu_layer_switches_total", kCounter, "Changes of a subscription from one encoding to another.",
     &Stats::layer_switches},
    {"penstock_sfu_transport_feedback_total", kCounter, "Transport-wide feedback packets.",
     &Stats::transport_feedback_received, "direction", "received"},
    {"penstock_sfu_transport_feedback_total", kCounter, "Transport-wide feedback packets.",
     &Stats::transport_feedback_sent, "direction", "sent"},
    {"penstock_sfu_srtp_refused_total", kCounter, "SRTP and SRTCP packets that were not accepted.", &Stats::srtp_forged,
     "reason", "rtp_forged"},
    {"penstock_sfu_srtp_refused_total", kCounter, "SRTP and SRTCP packets that were not accepted.",
     &Stats::srtp_replayed, "reason", "rtp_replayed"},
    {"penstock_sfu_srtp_refused_total", kCounter, "SRTP and SRTCP packets that were not accepted.",
     &Stats::srtcp_forged, "reason", "rtcp_forged"},
    {"penstock_sfu_srtp_refused_total", kCounter, "SRTP and SRTCP packets that were not accepted.",
     &Stats::srtcp_replayed, "reason", "rtcp_replayed"},
    {"penstock_sfu_streams_learned_total", kCounter, "SSRCs learned from MID, RID or payload type.",
     &Stats::streams_learned},
    {"penstock_sfu_streams_unknown_total", kCounter, "Packets of SSRCs that belong to no track.",
     &Stats::streams_unknown},
    {"penstock_sfu_ssrc_collisions_total", kCounter, "Packets whose SSRC is another stream's of the endpoint.",
     &Stats::ssrc_collisions},
    {"penstock_sfu_not_forwarded_total", kCounter,
     "Published packets whose track's subscriptions could not be served in time.", &Stats::not_forwarded},
    {"penstock_sfu_outgoing_exhausted_total", kCounter, "Packets not sent because media.outgoing was used up.",
     &Stats::outgoing_exhausted},
    {"penstock_sfu_ice_checks_total", kCounter, "Connectivity checks.", &Stats::checks},
    {"penstock_sfu_ice_failures_total", kCounter, "Checks refused, and consents lost.", &Stats::checks_unknown,
     "reason", "unknown_fragment"},
    {"penstock_sfu_ice_failures_total", kCounter, "Checks refused, and consents lost.", &Stats::checks_forged, "reason",
     "forged"},
    {"penstock_sfu_ice_failures_total", kCounter, "Checks refused, and consents lost.", &Stats::checks_role_conflicts,
     "reason", "role_conflict"},
    {"penstock_sfu_ice_failures_total", kCounter, "Checks refused, and consents lost.", &Stats::checks_pair_taken,
     "reason", "pair_taken"},
    {"penstock_sfu_ice_failures_total", kCounter, "Checks refused, and consents lost.", &Stats::consents_lost, "reason",
     "consent_lost"},
    {"penstock_sfu_ice_pairs_selected_total", kCounter, "Pairs that media goes over from then on.",
     &Stats::pairs_selected},
    {"penstock_sfu_dtls_datagrams_total", kCounter, "DTLS datagrams on the worker.", &Stats::handshake_received, "fate",
     "received"},
    {"penstock_sfu_dtls_datagrams_total", kCounter, "DTLS datagrams on the worker.", &Stats::handshake_sent, "fate",
     "sent"},
    {"penstock_sfu_dtls_datagrams_total", kCounter, "DTLS datagrams on the worker.", &Stats::handshake_overflows,
     "fate", "overflowed"},
    {"penstock_sfu_dtls_datagrams_total", kCounter, "DTLS datagrams on the worker.", &Stats::handshake_unchecked,
     "fate", "unchecked"},
    {"penstock_sfu_media_packets", kGauge, "Packets kept for forwarding and retransmission.", &Stats::media_packets},
    {"penstock_sfu_media_packets_capacity", kGauge, "Room for them.", &Stats::media_capacity},
};

void add_latency(Families& families, const std::vector<WorkerSource>& workers) {
  families.histogram("penstock_sfu_forward_latency_seconds",
                     "From the arrival of a burst until its last copy was handed to the port, by forwarded packet.");
  for (const WorkerSource& w : workers) {
    const sfu::LatencyHistogram& latency = w.sfu->latency;
    Families::Histogram histogram;
    for (std::size_t i = 0; i < sfu::kLatencyBounds_ns.size(); ++i) {
      histogram.buckets.push_back({static_cast<double>(sfu::kLatencyBounds_ns[i]) * 1e-9, latency.buckets[i].get()});
    }
    histogram.beyond = latency.buckets.back().get();
    histogram.sum = static_cast<double>(latency.sum_ns.get()) * 1e-9;
    families.add(histogram, {{"worker", std::to_string(w.worker)}});
  }
}

void add_counts(Families& families, std::string_view name, MetricKind kind, std::string_view help,
                std::string_view label, const LabelledCounts& counts) {
  families.family(name, kind, help);
  for (const auto& [value, count] : counts) families.add(static_cast<double>(count), {{label, value}});
}

void add_rooms(Families& families, const RoomsState& rooms) {
  families.family("penstock_rooms", kGauge, "Rooms.");
  families.add(rooms.rooms);
  add_counts(families, "penstock_endpoints", kGauge, "Endpoints, by ICE state.", "ice", rooms.endpoints_by_ice);
  add_counts(families, "penstock_endpoints_by_dtls", kGauge, "Endpoints, by DTLS state.", "dtls",
             rooms.endpoints_by_dtls);
  add_counts(families, "penstock_dtls_handshakes_total", kCounter, "DTLS handshakes, by result.", "result",
             rooms.handshakes);
  add_counts(families, "penstock_dtls_datagrams_total", kCounter, "DTLS datagrams at the handshake threads, by fate.",
             "fate", rooms.handshake_datagrams);
  add_counts(families, "penstock_srtp_profiles_total", kCounter, "Handshakes, by the SRTP profile agreed on.",
             "profile", rooms.srtp_profiles);
  add_counts(families, "penstock_whip_sessions", kGauge, "WHIP and WHEP sessions.", "kind", rooms.whip_sessions);
  add_counts(families, "penstock_endpoints_expired_total", kCounter, "Endpoints and rooms that ended unasked.",
             "reason", rooms.expiries);
  families.family("penstock_events_total", kCounter, "Events for signaling servers.");
  families.add(static_cast<double>(rooms.events));
  families.family("penstock_event_listeners", kGauge, "Who listens to them.");
  families.add(rooms.event_listeners);
}

}  // namespace

void add_sfu_families(Families& families, const std::vector<WorkerSource>& workers,
                      const std::optional<RoomsState>& rooms) {
  if (workers.empty() || workers.front().sfu == nullptr) return;
  for (const Row& row : kRows) {
    families.family(row.name, row.kind, row.help);
    for (const WorkerSource& w : workers) {
      families.add(static_cast<double>((w.sfu->*row.counter).get()),
                   {{"worker", std::to_string(w.worker)}, {row.label, std::string(row.value)}});
    }
  }
  add_latency(families, workers);
  if (rooms) add_rooms(families, *rooms);
}

}  // namespace penstock::control

#pragma once
// Totals and rates for GET /v1/stats, metrics and penstockctl: as of the last sample, at most a second old.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "control/rooms/view.h"

namespace penstock::control::rooms {

/// Counts since start. What a deleted object counted stays in.
struct Totals {
  std::uint64_t received_packets = 0, received_bytes = 0, sent_packets = 0, sent_bytes = 0;
  std::uint64_t authentication_failures = 0, replays = 0, unknown_streams = 0;
  std::uint64_t checks = 0, checks_refused = 0, handshake_datagrams = 0;
  std::uint64_t published_packets = 0, published_bytes = 0;  ///< RTP without RTX, of all encodings
  std::uint64_t frames = 0, key_frames = 0, lost = 0, recovered = 0, nacks_sent = 0, plis_sent = 0;
  std::uint64_t forwarded_packets = 0, forwarded_bytes = 0;  ///< RTP without retransmissions, of all subscriptions
  std::uint64_t retransmitted = 0, nacked = 0, not_found = 0, plis_received = 0, key_frame_waits = 0;
  std::uint64_t layer_switches = 0;

  Totals& operator+=(const Totals& other);
};

struct Endpoint;
struct Track;
struct Subscription;

/// Which of them the status of an endpoint, a track or a subscription counts.
template <class Object>
inline constexpr std::array<std::uint64_t Totals::*, 0> kTotalsOf{};
template <>
inline constexpr std::array kTotalsOf<Endpoint> = {
    &Totals::received_packets,
    &Totals::received_bytes,
    &Totals::sent_packets,
    &Totals::sent_bytes,
    &Totals::authentication_failures,
    &Totals::replays,
    &Totals::unknown_streams,
    &Totals::checks,
    &Totals::checks_refused,
    &Totals::handshake_datagrams,
};
template <>
inline constexpr std::array kTotalsOf<Track> = {
    &Totals::published_packets, &Totals::published_bytes, &Totals::frames,    &Totals::key_frames, &Totals::lost,
    &Totals::recovered,         &Totals::nacks_sent,      &Totals::plis_sent,
};
template <>
inline constexpr std::array kTotalsOf<Subscription> = {
    &Totals::forwarded_packets, &Totals::forwarded_bytes, &Totals::retransmitted,   &Totals::nacked,
    &Totals::not_found,         &Totals::plis_received,   &Totals::key_frame_waits, &Totals::layer_switches,
};
static_assert(sizeof(Totals) ==
              (kTotalsOf<Endpoint>.size() + kTotalsOf<Track>.size() + kTotalsOf<Subscription>.size()) *
                  sizeof(std::uint64_t));
/// In that order.
template <class Object>
using Counts = std::array<std::uint64_t, kTotalsOf<Object>.size()>;

struct Population {
  std::uint32_t rooms = 0, endpoints = 0, tracks = 0, subscriptions = 0;
  std::uint32_t mirrors = 0;  ///< of other workers' tracks, in the worker's table of tracks as well
  std::array<std::uint32_t, kIceViewStateNames.size()> endpoints_by_ice{};
  std::array<std::uint32_t, kDtlsStateNames.size()> endpoints_by_dtls{};

  Population& operator+=(const Population& other);
};

struct WorkerStatistics {
  Population population;
  Totals totals;
  std::uint64_t received_bit_rate = 0, sent_bit_rate = 0;                     ///< of the last second
  std::uint32_t free_endpoints = 0, free_tracks = 0, free_subscriptions = 0;  ///< places in its tables
  std::uint64_t updates_posted = 0, updates_waiting = 0;                      ///< waiting: posted, and not yet applied
};

/// How endpoints and rooms ended, without being asked to.
struct Expiries {
  std::uint64_t leases = 0;                                           ///< rooms whose lease ran out
  std::uint64_t never_connected = 0, lost = 0, handshake_failed = 0;  ///< endpoints reported as failed
};

struct Statistics {
  std::string epoch;
  std::vector<WorkerStatistics> workers;
  Expiries expiries;
  std::uint64_t events = 0;  ///< published so far
  std::uint64_t moves = 0;   ///< of endpoints to other workers, done so far
  std::uint32_t listeners = 0;

  Population population() const;  ///< over all workers
  Totals totals() const;
};

/// A line of the rooms list.
struct RoomStatistics {
  std::string id;
  std::uint16_t worker = 0;                          ///< its home
  std::vector<std::uint32_t> endpoints_by_worker{};  ///< how many of them each has
  std::uint32_t endpoints = 0, tracks = 0, subscriptions = 0;
  std::uint64_t received_bit_rate = 0, sent_bit_rate = 0;
};

}  // namespace penstock::control::rooms

#pragma once
// What a worker shows of its endpoints, tracks and subscriptions: one writer, the worker; control reads at any time.
// Events are dirty bits, not a queue: who looks late sees the latest state, and nothing overflows (decision 7).

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "dataplane/net/address.h"
#include "dataplane/net/counter.h"
#include "dataplane/net/lazy_array.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// ICE as seen by the lite side.
enum class IceState : std::uint8_t {
  waiting,       ///< no authenticated check yet
  connected,     ///< a pair was checked; media flows once keys are installed
  disconnected,  ///< neither checks nor media for a while (RFC 7675); back to connected when they come
};
inline constexpr std::array<std::string_view, 3> kIceStateNames = {"waiting", "connected", "disconnected"};

/// An endpoint as three words, each of them whole.
struct SharedEndpoint {
  net::Counter high, low, port;

  void set(const net::Endpoint& e) {
    high.set(e.address.high());
    low.set(e.address.low());
    port.set(e.port);
  }
  net::Endpoint get() const {
    net::Endpoint e;
    const std::uint64_t h = high.get(), l = low.get();
    std::memcpy(e.address.bytes.data(), &h, sizeof h);
    std::memcpy(e.address.bytes.data() + 8, &l, sizeof l);
    e.port = static_cast<std::uint16_t>(port.get());
    return e;
  }
};

/// Zero bytes are the initial state of all of them. `generation` is written last when a slot gets a new user, whose
/// counts start at zero.
struct EndpointStatus {
  net::Counter generation;
  net::Counter ice;              ///< IceState
  net::Counter secured;          ///< 1 once keys are installed
  SharedEndpoint remote, local;  ///< of the selected pair
  net::Counter last_heard_ns;    ///< monotonic; anything authentic
  net::Counter checks, checks_refused;
  net::Counter received_packets, received_bytes, sent_packets, sent_bytes;  // SRTP and SRTCP, UDP payload
  net::Counter authentication_failures, replays, unknown_streams;
  net::Counter handshake_datagrams;
  net::Counter available_bit_rate;  ///< told to it by REMB; 0: none
};

struct EncodingStatus {
  net::Counter ssrc;            ///< 0: not seen yet
  net::Counter active;          ///< 1 while packets come
  net::Counter packets, bytes;  // RTP payload and header, without RTX
  net::Counter lost;            // cumulative, as in our receiver reports
  net::Counter jitter_us;
  net::Counter frames, key_frames, width, height;
  net::Counter nacks_sent, plis_sent, recovered;  // recovered: by retransmission
};

struct TrackStatus {
  net::Counter generation;
  net::Counter audio_level;  ///< -dBov of the last packet, 127: silence
  std::array<EncodingStatus, kMostEncodings> encodings;
};

struct SubscriptionStatus {
  net::Counter generation;
  net::Counter spatial_layer;         ///< forwarded at present; kAnyLayer: none
  net::Counter target_spatial_layer;  ///< waited for; equal when there is nothing to wait for; kAnyLayer: none
  net::Counter temporal_layer;        ///< highest forwarded lately
  net::Counter packets, bytes;        // RTP as sent, without retransmissions
  net::Counter retransmitted, nacked, not_found;  // not_found: asked for, but no longer kept
  net::Counter plis, key_frame_waits, layer_switches;
  net::Counter lost, fraction_lost, jitter_us, rtt_us;  // as the receiver reports; fraction in 1/256
};

/// All counts to zero, one by one: control may be reading.
template <class Status>
void reset(Status& status) {
  static_assert(sizeof(Status) % sizeof(net::Counter) == 0, "a status is counters alone");
  auto* counters = reinterpret_cast<net::Counter*>(&status);
  for (std::size_t i = 0; i < sizeof(Status) / sizeof(net::Counter); ++i) counters[i].set(0);
}

/// One by one. `generation` too: write it again behind everything else.
template <class Status>
void copy(const Status& from, Status& to) {
  static_assert(sizeof(Status) % sizeof(net::Counter) == 0, "a status is counters alone");
  const auto* source = reinterpret_cast<const net::Counter*>(&from);
  auto* counters = reinterpret_cast<net::Counter*>(&to);
  for (std::size_t i = 0; i < sizeof(Status) / sizeof(net::Counter); ++i) counters[i].set(source[i].get());
}

/// Dirty bits of one table.
class DirtyBits {
 public:
  explicit DirtyBits(std::uint32_t count) : words_((count + 63) / 64) {}

  void mark(std::uint32_t slot) {
    auto& word = words_[slot / 64].value;
    const std::uint64_t bit = std::uint64_t{1} << slot % 64;
    if ((word.load(std::memory_order_relaxed) & bit) == 0) word.fetch_or(bit, std::memory_order_release);
    any_.store(true, std::memory_order_release);
  }
  /// Control: calls each(slot) for every marked one, and clears it first.
  template <class Each>
  void take(Each&& each) {
    if (!any_.exchange(false, std::memory_order_acquire)) return;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (words_[i].value.load(std::memory_order_relaxed) == 0) continue;
      std::uint64_t bits = words_[i].value.exchange(0, std::memory_order_acquire);
      for (; bits != 0; bits &= bits - 1) {
        each(static_cast<std::uint32_t>(i * 64 + static_cast<unsigned>(__builtin_ctzll(bits))));
      }
    }
  }

 private:
  struct Word {
    std::atomic<std::uint64_t> value{0};
  };
  net::LazyArray<Word> words_;
  std::atomic<bool> any_{false};
};

struct BoardSizes {
  std::uint32_t endpoints = 0, tracks = 0, subscriptions = 0;
};

/// One worker's. Sized at start; memory is touched as slots are used.
struct Board {
  explicit Board(const BoardSizes& sizes)
      : endpoints(sizes.endpoints),
        tracks(sizes.tracks),
        subscriptions(sizes.subscriptions),
        dirty_endpoints(sizes.endpoints),
        dirty_tracks(sizes.tracks),
        dirty_subscriptions(sizes.subscriptions) {}

  net::LazyArray<EndpointStatus> endpoints;
  net::LazyArray<TrackStatus> tracks;
  net::LazyArray<SubscriptionStatus> subscriptions;
  /// State that is worth an event: ICE state and pair, secured; encodings' activity and size; layers and pauses.
  DirtyBits dirty_endpoints, dirty_tracks, dirty_subscriptions;
};

}  // namespace penstock::sfu

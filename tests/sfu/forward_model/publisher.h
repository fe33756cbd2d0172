#pragma once
// A publisher of VP8 simulcast, as far as an SFU sees one: encodings with numbers of their own, temporal layers, key
// frames when asked, and a network that loses, delays and repeats.

#include <array>
#include <cstdint>
#include <deque>
#include <queue>
#include <vector>

#include "dataplane/rtp/sender_report_clock.h"
#include "dataplane/sfu/stored_packet.h"
#include "tests/sfu/forward_model/dice.h"

namespace penstock::sfu::model {

inline constexpr std::uint64_t kMs = 1'000'000;
inline constexpr std::uint64_t kTick_ns = 33 * kMs;  ///< a frame of every encoding
inline constexpr std::uint32_t kRate = 90'000;
inline constexpr std::uint8_t kEncodings = 3;

/// What the encoder knows of a frame.
struct Frame {
  std::uint8_t encoding = 0;
  std::uint32_t number = 0;  ///< in its encoding
  bool key = false, sync = false;
  std::uint8_t layer = 0;
  std::uint32_t packets = 0;
  std::uint64_t capture_ns = 0;
  std::vector<std::uint32_t> references;  ///< frames of the encoding that have to be decoded before
};

/// A packet on its way to us.
struct Flight {
  std::uint64_t arrival_ns = 0;
  std::uint64_t order = 0;
  std::uint8_t encoding = 0;
  std::uint32_t frame = 0;
  std::uint32_t index = 0;  ///< in its frame
  StoredPacket packet;

  friend bool operator<(const Flight& a, const Flight& b) {
    return std::pair(a.arrival_ns, a.order) > std::pair(b.arrival_ns, b.order);  // the earliest first out of a heap
  }
};

/// Which fields the descriptors have.
struct Style {
  bool picture_id = true, short_picture_id = false, tl0_index = true, temporal_id = true;
};

struct Network {
  unsigned loss_percent = 0;       ///< of packets
  unsigned repair_percent = 0;     ///< of lost ones: come by retransmission, 30 to 150 ms later
  unsigned reorder_percent = 0;    ///< of packets: up to 15 ms late
  unsigned duplicate_percent = 0;  ///< of packets: come twice
};

class Publisher {
 public:
  Publisher(Dice& dice, const Style& style);

  Network network;

  /// One frame of every encoding that is on, captured at `now_ns`.
  void tick(std::uint64_t now_ns);
  /// The next packet that has come by `now_ns`.
  bool arrive(std::uint64_t now_ns, Flight& flight);

  void switch_on(std::uint8_t encoding, bool on) { encodings_[encoding].on = on; }
  void ask_key_frame(std::uint8_t encoding, std::uint64_t from_ns);
  /// Sequence numbers of an encoding jump ahead.
  void jump(std::uint8_t encoding);

  const Frame& frame(std::uint8_t encoding, std::uint32_t number) const { return encodings_[encoding].frames[number]; }
  const rtp::SenderReportClock& clock(std::uint8_t encoding) const { return encodings_[encoding].clock; }

 private:
  struct Encoding {
    bool on = true;
    std::uint64_t sequence = 0;
    std::uint32_t timestamp = 0;  ///< at instant 0
    std::uint32_t picture_id = 0;
    std::uint8_t tl0_index = 0;
    unsigned position = 0;  ///< in the pattern of temporal layers
    std::uint64_t key_from_ns = 0;
    std::array<int, 3> last_of_layer{-1, -1, -1};  ///< frame number, since the last key frame
    std::deque<Frame> frames;                      ///< stay where they are
    rtp::SenderReportClock clock;
  };
  Frame make_frame(std::uint8_t encoding, std::uint64_t now_ns);
  void send(const Frame& frame);
  void fly(const Flight& flight);

  Dice& dice_;
  Style style_;
  std::uint64_t order_ = 0;
  std::array<Encoding, kEncodings> encodings_;
  std::priority_queue<Flight> flying_;
};

}  // namespace penstock::sfu::model

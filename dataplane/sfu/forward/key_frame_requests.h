#pragma once
// When to ask a publisher for key frames: many may want one, the publisher is asked once (RFC 4585 section 6.3.1, RFC
// 5104 section 4.3.1).

#include <array>
#include <cstdint>

#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// One per track. Zero bytes: nobody wants anything.
class KeyFrameRequests {
 public:
  /// Between two requests, or the publisher's RTT if that is longer.
  static constexpr std::uint64_t kPeriod_ns = 250'000'000;
  /// After so many unanswered ones the period doubles with each, up to the longest.
  static constexpr std::uint8_t kPatience = 8;
  static constexpr std::uint64_t kLongestPeriod_ns = 4'000'000'000;
  /// No request sooner after a key frame: who came too late for that one waits until here, so that a crowd that joins
  /// costs a few key frames and not one for each.
  static constexpr std::uint64_t kSpacing_ns = 300'000'000;
  /// A wish is forgotten after this, unless it is repeated.
  static constexpr std::uint64_t kPatienceOfWishes_ns = 2'000'000'000;
  /// Of one track, all encodings together; so many at once, too.
  static constexpr std::uint32_t kMostPerSecond = 12;

  /// Somebody waits for a key frame of this encoding; repeats it while that is so. A receiver's own wish (its PLI or
  /// FIR) was made half a round trip ago, `rtt_ns`: a key frame that was not yet there then answers it.
  void want(std::uint8_t encoding, std::uint64_t now_ns, std::uint64_t rtt_ns = 0);
  /// The first packet of a key frame came.
  void on_key_frame(std::uint8_t encoding, std::uint64_t now_ns);

  /// The encodings (a bit each) to ask for now; they count as asked. Call it after want(), and at a timer of 50 ms or
  /// so while any() is true. `rtt_ns`: to the publisher, 0 if unknown.
  std::uint8_t collect(std::uint64_t now_ns, std::uint64_t rtt_ns);
  bool any() const { return wanted_ != 0; }

  /// For a request by FIR: a new request has a new number, a repeated one the same (RFC 5104 section 4.3.1.1).
  std::uint8_t fir_number(std::uint8_t encoding) const { return encodings_[encoding].fir_number; }

 private:
  struct Encoding {
    std::uint64_t wanted_ns = 0;     ///< last wish
    std::uint64_t asked_ns = 0;      ///< last request; 0: never
    std::uint64_t key_frame_ns = 0;  ///< last key frame; 0: none
    std::uint8_t unanswered = 0;     ///< requests since the last key frame
    std::uint8_t fir_number = 0;
  };
  static std::uint64_t period(const Encoding& encoding, std::uint64_t rtt_ns);
  bool may_ask(const Encoding& encoding, std::uint64_t now_ns, std::uint64_t rtt_ns) const;
  bool take_token(std::uint64_t now_ns);

  std::array<Encoding, kMostEncodings> encodings_{};
  std::uint64_t full_ns_ = 0;  ///< when the bucket of requests is full again
  std::uint8_t wanted_ = 0;
};

}  // namespace penstock::sfu

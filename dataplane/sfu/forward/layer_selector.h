#pragma once
// Which encoding of a track a subscription forwards, which one it wants, and when it changes: only at a key frame, and
// until that comes the present one goes on.

#include <cstdint>
#include <optional>

#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// Zero bytes are no state: call start().
class LayerSelector {
 public:
  /// While a key frame is waited for the publisher is asked again after this.
  static constexpr std::uint64_t kAskAgain_ns = 300'000'000;
  static constexpr std::uint8_t kNone = kAnyLayer;

  enum class Step : std::uint8_t { forward, switch_to, wrong_layer, wait_key_frame, paused };

  /// Sound can be entered anywhere: nothing is waited for.
  void start(MediaKind kind, std::uint8_t max_spatial_layer, bool paused);
  void set_limit(std::uint8_t max_spatial_layer);
  /// Nothing is forwarded while paused; after it a key frame is needed.
  void set_paused(bool paused);
  /// The target becomes the highest active encoding within the limit.
  void set_active(std::uint8_t active) {
    if (active_ != active) change_active(active);
  }
  /// What was forwarded cannot go on (another track, a stream that began anew): as at the start.
  void forget_current();

  /// A packet of `encoding`; `entry`: the stream can be entered here (the first packet of a key frame; any of audio).
  Step on_packet(std::uint8_t encoding, bool entry) {
    return encoding == current_ && !paused_ ? Step::forward : consider(encoding, entry);
  }

  std::uint8_t current() const { return current_; }  ///< forwarded at present, or kNone
  std::uint8_t target() const { return target_; }    ///< the one to be forwarded, or kNone
  std::uint8_t active() const { return active_; }
  bool paused() const { return paused_; }
  bool waiting() const { return waiting_; }
  /// The encoding a key frame is waited for of, when the publisher is to be asked: at once, then every kAskAgain_ns.
  std::optional<std::uint8_t> key_frame_due(std::uint64_t now_ns);

  std::uint32_t waits() const { return waits_; }        ///< times that a key frame was waited for
  std::uint32_t switches() const { return switches_; }  ///< from one encoding to another

 private:
  bool is_active(std::uint8_t encoding) const { return encoding < kMostEncodings && (active_ >> encoding & 1) != 0; }
  bool may_enter(std::uint8_t encoding) const;
  void change_active(std::uint8_t active);
  Step consider(std::uint8_t encoding, bool entry);
  void update();

  std::uint8_t current_ = kNone;
  std::uint8_t target_ = kNone;
  std::uint8_t last_ = kNone;  ///< forwarded last, to tell a switch from a resumption
  std::uint8_t active_ = 0;
  std::uint8_t max_ = kAnyLayer;
  bool video_ = false;
  bool paused_ = false;
  bool waiting_ = false;
  std::uint32_t waits_ = 0;
  std::uint32_t switches_ = 0;
  std::uint64_t asked_ns_ = 0;  ///< 0: not yet in this wait
};

}  // namespace penstock::sfu

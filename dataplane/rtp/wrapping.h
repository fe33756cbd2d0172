#pragma once
// Numbers that wrap: RTP sequence numbers (16 bits) and timestamps (32 bits), compared and extended by serial number
// arithmetic (RFC 1982, RFC 3550 section 5.1).

#include <cstdint>
#include <type_traits>

namespace penstock::rtp {

/// A number of which only the low bits travel. Order means "ahead of by less than half the range"; of two numbers
/// exactly half the range apart neither is newer. Zero bytes are 0.
template <class Raw, class Tag>
struct Wrapping {
  using raw_type = Raw;
  using signed_type = std::make_signed_t<Raw>;

  Raw value = 0;

  /// Steps from `from` to this: positive if this is ahead.
  constexpr signed_type distance_from(Wrapping from) const {
    return static_cast<signed_type>(static_cast<Raw>(value - from.value));
  }
  constexpr bool newer_than(Wrapping other) const { return distance_from(other) > 0; }

  /// `steps` may be negative, and of any size: it wraps.
  friend constexpr Wrapping operator+(Wrapping number, std::int64_t steps) {
    return {static_cast<Raw>(number.value + static_cast<Raw>(steps))};
  }
  friend constexpr Wrapping operator-(Wrapping number, std::int64_t steps) {
    return {static_cast<Raw>(number.value - static_cast<Raw>(steps))};
  }
  constexpr Wrapping& operator++() {
    ++value;
    return *this;
  }
  friend constexpr bool operator==(Wrapping, Wrapping) = default;
};

using SequenceNumber = Wrapping<std::uint16_t, struct SequenceNumberTag>;
/// In units of the payload's clock rate.
using Timestamp = Wrapping<std::uint32_t, struct TimestampTag>;

/// Extends a wrapping number to 64 bits by its distance to the newest one seen. The first number is itself; what is
/// older than the first may come out negative. Zero bytes are the initial state.
template <class Number>
class Unwrapper {
 public:
  /// The extended value; remembers it if it is the newest.
  constexpr std::int64_t unwrap(Number number) {
    const std::int64_t extended = peek(number);
    if (!started_ || extended > newest_) newest_ = extended;
    started_ = true;
    return extended;
  }
  /// The extended value, nothing remembered.
  constexpr std::int64_t peek(Number number) const {
    if (!started_) return number.value;
    return newest_ + number.distance_from({static_cast<typename Number::raw_type>(newest_)});
  }
  constexpr bool started() const { return started_; }
  /// The newest extended value; 0 before the first.
  constexpr std::int64_t newest() const { return newest_; }

 private:
  std::int64_t newest_ = 0;
  bool started_ = false;
};

using SequenceUnwrapper = Unwrapper<SequenceNumber>;
using TimestampUnwrapper = Unwrapper<Timestamp>;

}  // namespace penstock::rtp

#pragma once
// NTP timestamps as RTCP carries them (RFC 3550 section 4).

#include <cstdint>

namespace penstock::rtp {

/// The middle 32 bits of an NTP timestamp: 16 bits of seconds, 16 of fraction. Wraps every 18 hours; subtract to get a
/// delay. Zero in a report means "no sender report yet".
struct ShortNtp {
  std::uint32_t value = 0;  ///< 1/65536 s

  friend constexpr bool operator==(ShortNtp, ShortNtp) = default;
};

/// Seconds since 1900 in 32.32 fixed point. Wraps in 2036: only differences are meaningful. Zero bytes are "unknown".
struct NtpTime {
  std::uint64_t value = 0;

  constexpr ShortNtp short_form() const { return {static_cast<std::uint32_t>(value >> 16)}; }
  friend constexpr bool operator==(NtpTime, NtpTime) = default;
};

inline constexpr std::uint64_t kNtpUnixOffset_s = 2'208'988'800;  ///< 1900 to 1970
inline constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

/// `unix_ns`: wall clock, nanoseconds since 1970. The worker has a monotonic clock; the caller adds the offset between
/// the two that it took at start, so that our reports never jump with the wall clock.
constexpr NtpTime ntp_from_unix_ns(std::uint64_t unix_ns) {
  const std::uint64_t seconds = unix_ns / kNanosecondsPerSecond + kNtpUnixOffset_s;
  const std::uint64_t fraction = ((unix_ns % kNanosecondsPerSecond) << 32) / kNanosecondsPerSecond;
  return {seconds << 32 | fraction};
}

/// 32.32 fixed point seconds, signed, to nanoseconds; the sign is kept. Up to +-2^31 s.
constexpr std::int64_t fixed_point_to_ns(std::int64_t difference) {
  const std::int64_t seconds = difference >> 32;
  const auto fraction = static_cast<std::uint64_t>(difference & 0xffff'ffff);
  return seconds * static_cast<std::int64_t>(kNanosecondsPerSecond) +
         static_cast<std::int64_t>((fraction * kNanosecondsPerSecond) >> 32);
}

/// Nanoseconds from `from` to `to`, negative if `to` is earlier.
constexpr std::int64_t ns_between(NtpTime from, NtpTime to) {
  return fixed_point_to_ns(static_cast<std::int64_t>(to.value - from.value));
}

/// Nanoseconds to the 1/65536 s of delays in reports; what does not fit (18 hours) saturates.
constexpr std::uint32_t short_ntp_delay(std::uint64_t ns) {
  const std::uint64_t seconds = ns / kNanosecondsPerSecond;
  if (seconds > 0xffff) return 0xffff'ffff;
  return static_cast<std::uint32_t>(seconds << 16 | ((ns % kNanosecondsPerSecond) << 16) / kNanosecondsPerSecond);
}

}  // namespace penstock::rtp

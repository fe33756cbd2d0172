#include "dataplane/sfu/forward/key_frame_requests.h"

#include <algorithm>

namespace penstock::sfu {
namespace {

constexpr std::uint64_t kNsPerS = 1'000'000'000;
constexpr std::uint64_t kLongestRtt_ns = 1'000'000'000;

}  // namespace

void KeyFrameRequests::want(std::uint8_t encoding, std::uint64_t now_ns, std::uint64_t rtt_ns) {
  if (encoding >= kMostEncodings) return;
  Encoding& e = encodings_[encoding];
  if (rtt_ns != 0 && e.key_frame_ns != 0 && now_ns - e.key_frame_ns < std::min(rtt_ns, kLongestRtt_ns)) return;
  e.wanted_ns = now_ns;
  wanted_ = static_cast<std::uint8_t>(wanted_ | 1U << encoding);
}

void KeyFrameRequests::on_key_frame(std::uint8_t encoding, std::uint64_t now_ns) {
  if (encoding >= kMostEncodings) return;
  Encoding& e = encodings_[encoding];
  e.key_frame_ns = now_ns;
  e.unanswered = 0;
  wanted_ = static_cast<std::uint8_t>(wanted_ & ~(1U << encoding));
}

std::uint8_t KeyFrameRequests::collect(std::uint64_t now_ns, std::uint64_t rtt_ns) {
  std::uint8_t asked = 0;
  for (std::uint8_t i = 0; i < kMostEncodings; ++i) {
    const auto bit = static_cast<std::uint8_t>(1U << i);
    Encoding& e = encodings_[i];
    if ((wanted_ & bit) == 0) continue;
    if (now_ns - e.wanted_ns > kPatienceOfWishes_ns) wanted_ = static_cast<std::uint8_t>(wanted_ & ~bit);
    if ((wanted_ & bit) == 0 || !may_ask(e, now_ns, rtt_ns) || !take_token(now_ns)) continue;
    if (e.unanswered == 0) ++e.fir_number;
    if (e.unanswered != UINT8_MAX) ++e.unanswered;
    e.asked_ns = now_ns;
    asked = static_cast<std::uint8_t>(asked | bit);
  }
  return asked;
}

// Whom many requests did not move, a flood of them will not move either: it may have no camera running.
std::uint64_t KeyFrameRequests::period(const Encoding& encoding, std::uint64_t rtt_ns) {
  const std::uint64_t base = std::max(kPeriod_ns, std::min(rtt_ns, kLongestRtt_ns));
  if (encoding.unanswered <= kPatience) return base;
  return std::min(base << std::min(encoding.unanswered - kPatience, 8), kLongestPeriod_ns);
}

bool KeyFrameRequests::may_ask(const Encoding& encoding, std::uint64_t now_ns, std::uint64_t rtt_ns) const {
  if (encoding.key_frame_ns != 0 && now_ns - encoding.key_frame_ns < kSpacing_ns) return false;
  return encoding.unanswered == 0 || now_ns - encoding.asked_ns >= period(encoding, rtt_ns);
}

// A bucket of kMostPerSecond that fills in a second, kept as the instant at which it is full.
bool KeyFrameRequests::take_token(std::uint64_t now_ns) {
  constexpr std::uint64_t kCost_ns = kNsPerS / kMostPerSecond;
  const std::uint64_t full_ns = std::max(full_ns_, now_ns) + kCost_ns;
  if (full_ns - now_ns > kNsPerS) return false;
  full_ns_ = full_ns;
  return true;
}

}  // namespace penstock::sfu

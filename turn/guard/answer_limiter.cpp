#include "turn/guard/answer_limiter.h"

#include <algorithm>

namespace penstock::turn {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
/// However many workers share a rate, each can answer a client's first few requests at once.
constexpr std::uint64_t kLeastDepthAnswers = 8;
constexpr std::size_t kRequestPartCredited = 2;
constexpr std::uint64_t kHarmlessFactor = 4;

}  // namespace

AnswerLimiter::AnswerLimiter(const AnswerRateLimits& rates, unsigned workers, std::uint64_t salt,
                             const FloodLimits& flood)
    : sets_(kSets, net::Touched::at_start),
      salt_(salt),
      workers_(std::max(workers, 1u)),
      bytes_per_s_(std::max<std::uint64_t>(flood.bytes_per_s / workers_, 1)),
      idle_bytes_(flood.idle_bytes / workers_),
      most_bytes_(flood.most_bytes / workers_),
      reserve_bytes_(flood.reserve_bytes / workers_),
      balance_bytes_(idle_bytes_) {
  set_rates(rates);
}

void AnswerLimiter::set_rates(const AnswerRateLimits& rates) {
  const std::uint64_t per_s[] = {rates.per_v4_address_per_s, rates.per_v6_network_per_s};
  for (int v6 = 0; v6 < 2; ++v6) {
    rates_[v6][0] = rate(per_s[v6], rates.burst_s);
    rates_[v6][1] = rate(per_s[v6] * kHarmlessFactor, rates.burst_s);
  }
}

AnswerLimiter::Rate AnswerLimiter::rate(std::uint64_t per_s, std::uint32_t burst_s) const {
  if (per_s == 0) return {};
  const std::uint64_t answer_ns = kNsPerSecond * workers_ / per_s;
  return {answer_ns, std::max(burst_s * kNsPerSecond, kLeastDepthAnswers * answer_ns)};
}

AnswerVerdict AnswerLimiter::admit(AnswerClass kind, const net::Address& source, std::size_t request_bytes,
                                   std::size_t answer_bytes, std::uint64_t now_ns) {
  const Rate& rate = rates_[source.is_v4() ? 0 : 1][kind == AnswerClass::challenge ? 0 : 1];
  const std::uint64_t source_tag = tag(kind, source);
  const auto [entry, known] = find(source_tag);
  const bool asked_before = known && now_ns < entry->full_at_ns + kAskedAgainNs;
  const std::uint64_t full_at_ns = known ? std::max(entry->full_at_ns, now_ns) : now_ns;
  *entry = {source_tag, full_at_ns};

  refill(now_ns);
  const bool proved = kind == AnswerClass::renewal;
  if (!proved) {
    balance_bytes_ =
        std::min(most_bytes_, balance_bytes_ + static_cast<std::int64_t>(request_bytes / kRequestPartCredited));
  }
  const bool limited = rate.answer_ns != 0;
  if (limited && full_at_ns + rate.answer_ns > now_ns + rate.depth_ns) return AnswerVerdict::source_limited;
  if (!proved && !flood_admits(asked_before, answer_bytes)) return AnswerVerdict::flood_limited;
  entry->full_at_ns += rate.answer_ns;
  return AnswerVerdict::send;
}

void AnswerLimiter::allocate_authenticated(std::size_t request_bytes) {
  balance_bytes_ = std::min(most_bytes_, balance_bytes_ + static_cast<std::int64_t>(request_bytes));
}

std::uint64_t AnswerLimiter::tag(AnswerClass kind, const net::Address& source) const {
  net::Address network = source;
  if (!source.is_v4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  // The class takes the place of the port. 0 is kept for free entries.
  return net::hash({network, static_cast<std::uint16_t>(kind)}, salt_) | 1;
}

AnswerLimiter::Found AnswerLimiter::find(std::uint64_t tag) {
  Set& set = sets_[(tag >> 32) % kSets];
  Entry* least = &set.entries[0];
  for (Entry& entry : set.entries) {
    if (entry.tag == tag) return {&entry, true};
    if (entry.full_at_ns < least->full_at_ns) least = &entry;
  }
  return {least, false};
}

/// By time, but only up to the idle level: what lies above was paid for with requests.
void AnswerLimiter::refill(std::uint64_t now_ns) {
  if (balance_bytes_ >= idle_bytes_ || now_ns < refilled_ns_) {
    refilled_ns_ = now_ns;
    return;
  }
  const std::uint64_t elapsed_ns = std::min(now_ns - refilled_ns_, 60 * kNsPerSecond);
  const std::uint64_t bytes = elapsed_ns * bytes_per_s_ / kNsPerSecond;
  if (bytes == 0) return;  // a later call counts this time, too
  balance_bytes_ = std::min(idle_bytes_, balance_bytes_ + static_cast<std::int64_t>(bytes));
  refilled_ns_ = now_ns;
}

bool AnswerLimiter::flood_admits(bool asked_before, std::size_t answer_bytes) {
  const std::int64_t left_bytes = balance_bytes_ - static_cast<std::int64_t>(answer_bytes);
  if (left_bytes < (asked_before ? 0 : reserve_bytes_)) return false;
  balance_bytes_ = left_bytes;
  return true;
}

}  // namespace penstock::turn

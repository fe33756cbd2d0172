#include "bench/load/turn/pacer.h"

#include <algorithm>

namespace penstock::load {
namespace {

/// With a full window and no arrival for so long, what is in flight is lost.
constexpr std::uint64_t kStallNs = 5'000'000;
constexpr double kLongestBacklogNs = 5'000'000;

}  // namespace

std::uint64_t RatePacer::allowance(std::uint64_t now_ns) {
  const double now = static_cast<double>(now_ns);
  double backlog_ns = now - (start_ns_ + static_cast<double>(sent_) * interval_ns_);
  if (backlog_ns < 0) return 0;
  if (backlog_ns > kLongestBacklogNs) {
    start_ns_ += backlog_ns - kLongestBacklogNs;
    backlog_ns = kLongestBacklogNs;
  }
  return std::min<std::uint64_t>(burst_, static_cast<std::uint64_t>(backlog_ns / interval_ns_) + 1);
}

std::uint64_t FlightWindow::allowance(std::uint64_t now_ns) {
  if (most_ == 0) return UINT64_MAX;
  if (in_flight_ < width_) return width_ - in_flight_;
  if (now_ns < last_arrival_ns_ + kStallNs) return 0;
  in_flight_ = 0;
  last_arrival_ns_ = now_ns;
  shrink(2);
  return width_;
}

void FlightWindow::on_settled(std::uint64_t numbers, std::uint64_t now_ns) {
  last_arrival_ns_ = now_ns;
  in_flight_ -= std::min(in_flight_, numbers);
  since_change_ += numbers;
  lost_ |= numbers > 1;
  if (since_change_ < width_) return;
  if (lost_) {
    shrink(3);
  } else {
    width_ = std::min(most_, width_ + width_ / 8 + 1);
    since_change_ = 0;
  }
}

void FlightWindow::shrink(std::uint64_t quarters) {
  width_ = std::max(least_, width_ * quarters / 4);
  since_change_ = 0;
  lost_ = false;
}

}  // namespace penstock::load

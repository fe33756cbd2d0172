#include "bench/load/turn/lane.h"

#include <algorithm>

#include "bench/load/turn/clock.h"

namespace penstock::load {

Lane::Lane(const Options& options, std::vector<Stream> streams, std::uint32_t run)
    : options_(options),
      streams_(std::move(streams)),
      sender_(options, streams_.front(), run),
      ledger_(run, streams_.front().id, streams_.size(), options.payload_bytes),
      window_(std::max<std::uint64_t>(kBurst, 2 * options.train), options.window) {
  if (options.rate_pps > 0) rate_.emplace(options.rate_pps, kBurst, now_ns());
}

std::uint64_t Lane::allowance(std::uint64_t now_ns) {
  return rate_ ? rate_->allowance(now_ns) : window_.allowance(now_ns);
}

void Lane::send(std::uint64_t now_ns) {
  const std::uint64_t datagrams = allowance(now_ns);
  for (std::uint64_t added = 0; added < datagrams && !sender_.full(); added += options_.train) {
    sender_.add(streams_[next_], now_ns);
    next_ = next_ + 1 == streams_.size() ? 0 : next_ + 1;
  }
  const unsigned taken = sender_.flush();
  sent_ += taken;
  if (rate_) {
    rate_->on_sent(taken);
  } else {
    window_.on_sent(taken);
  }
}

void Lane::arrived(stun::Bytes payload, std::size_t wire_bytes, std::uint64_t now_ns) {
  const std::uint64_t settled = ledger_.note(payload, wire_bytes, now_ns);
  if (settled != 0) window_.on_settled(settled, now_ns);
}

void Lane::open(std::uint64_t now_ns) {
  ledger_.open(now_ns);
  sent_at_open_ = sent_;
  delivered_at_open_ = ledger_.delivered();
}

void Lane::close(std::uint64_t now_ns) {
  ledger_.close(now_ns);
  sent_at_close_ = sent_;
  delivered_at_close_ = ledger_.delivered();
}

DirectionResult Lane::result() const {
  return {.sent = sent_at_close_ - sent_at_open_,
          .delivered = ledger_.measured(),
          .delivered_in_interval = delivered_at_close_ - delivered_at_open_,
          .refused_by_kernel = sender_.refused(),
          .reordered = ledger_.reordered(),
          .duplicated = ledger_.duplicated(),
          .foreign = ledger_.foreign(),
          .latency = ledger_.latency()};
}

}  // namespace penstock::load

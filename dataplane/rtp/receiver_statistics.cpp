#include "dataplane/rtp/receiver_statistics.h"

#include <algorithm>

namespace penstock::rtp {

void ReceiverStatistics::restart(SequenceNumber sequence) {
  base_ = highest_ = sequence;
  cycles_ = 0;
  received_ = received_prior_ = 0;
  expected_prior_ = 0;
  jumped_ = false;
  has_transit_ = false;
}

ReceiverStatistics::Verdict ReceiverStatistics::on_packet(SequenceNumber sequence, Timestamp timestamp,
                                                          std::uint64_t arrival_us, std::uint32_t clock_rate_hz) {
  if (!valid_) {
    sequential_ = sequential_ > 0 && sequence == highest_ + 1 ? static_cast<std::uint8_t>(sequential_ + 1) : 1;
    highest_ = sequence;
    if (sequential_ < kMinSequential) return Verdict::probation;
    valid_ = true;
    restart(sequence);
    ++received_;
    update_jitter(timestamp, arrival_us, clock_rate_hz);
    return Verdict::in_order;
  }

  const auto ahead = static_cast<std::uint16_t>(sequence.value - highest_.value);
  Verdict verdict = Verdict::in_order;
  if (ahead != 0 && ahead < kMaxDropout) {
    if (sequence.value < highest_.value) cycles_ += 1u << 16;
    highest_ = sequence;
  } else if (ahead == 0 || ahead >= (1u << 16) - kMaxMisorder) {
    ++received_;
    return Verdict::late;
  } else if (jumped_ && sequence == expected_after_jump_) {
    restart(sequence);
    verdict = Verdict::restarted;
  } else {
    jumped_ = true;
    expected_after_jump_ = sequence + 1;
    return Verdict::jumped;
  }
  ++received_;
  update_jitter(timestamp, arrival_us, clock_rate_hz);
  return verdict;
}

/// RFC 3550 A.8. Only of packets in order: a retransmission's way says nothing of the network's jitter.
void ReceiverStatistics::update_jitter(Timestamp timestamp, std::uint64_t arrival_us, std::uint32_t clock_rate_hz) {
  constexpr std::uint32_t kMostSensible_s = 5;  // beyond, the source has set its timestamps anew
  const auto arrival = static_cast<std::uint32_t>(arrival_us * clock_rate_hz / 1'000'000);
  const std::uint32_t transit = arrival - timestamp.value;
  const auto change = static_cast<std::int32_t>(transit - transit_);
  transit_ = transit;
  if (!has_transit_) {
    has_transit_ = true;
    return;
  }
  const std::uint32_t distance =
      change < 0 ? 0u - static_cast<std::uint32_t>(change) : static_cast<std::uint32_t>(change);
  if (distance > std::uint64_t{kMostSensible_s} * clock_rate_hz) return;
  jitter_x16_ += distance - ((jitter_x16_ + 8) >> 4);
}

std::uint32_t ReceiverStatistics::jitter_us(std::uint32_t clock_rate_hz) const {
  return static_cast<std::uint32_t>(std::uint64_t{jitter()} * 1'000'000 / clock_rate_hz);
}

void ReceiverStatistics::on_sender_report(NtpTime ntp, std::uint64_t now_us) {
  sender_report_ = ntp.short_form();
  sender_report_us_ = now_us;
  has_sender_report_ = true;
}

std::int64_t ReceiverStatistics::cumulative_lost() const {
  return valid_ ? expected() - static_cast<std::int64_t>(received_) : 0;
}

ReportBlock ReceiverStatistics::report(Ssrc source, std::uint64_t now_us) {
  // RFC 3550 A.3: the fraction is of this interval, and 0 where repetitions outnumber losses.
  const std::int64_t expected_now = expected() - expected_prior_;
  const std::int64_t lost_now = expected_now - static_cast<std::int64_t>(received_ - received_prior_);
  expected_prior_ = expected();
  received_prior_ = received_;
  fraction_lost_ =
      lost_now <= 0 ? 0 : static_cast<std::uint8_t>(std::min<std::int64_t>(lost_now * 256 / expected_now, 255));

  constexpr std::int64_t kMost24 = (1 << 23) - 1;
  ReportBlock block;
  block.source = source;
  block.fraction_lost = fraction_lost_;
  block.cumulative_lost = static_cast<std::int32_t>(std::clamp(cumulative_lost(), -kMost24 - 1, kMost24));
  block.extended_highest = extended_highest();
  block.jitter = jitter();
  if (has_sender_report_) {
    block.last_sender_report = sender_report_;
    block.delay = short_ntp_delay((now_us - sender_report_us_) * 1000);
  }
  return block;
}

}  // namespace penstock::rtp

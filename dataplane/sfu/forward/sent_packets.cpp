#include "dataplane/sfu/forward/sent_packets.h"

#include <algorithm>

namespace penstock::sfu {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
// Between two answers, where no round trip is known, or none longer than this.
constexpr std::uint64_t kLeastPause_ms = 10;
// No receiver waits longer, whatever round trip it reports.
constexpr std::uint64_t kMostPause_ms = 2000;

std::uint16_t milliseconds(std::uint64_t ns) {
  return static_cast<std::uint16_t>(ns / kNsPerMs);
}

// Sent so short a time ago that the receiver cannot have missed it when it asked.
bool on_its_way(const SentRecord& record, std::uint64_t now_ns, std::uint64_t rtt_ns) {
  if (record.repeated == 0) return false;
  const auto since_ms = static_cast<std::uint16_t>(milliseconds(now_ns) - record.sent_ms);
  return since_ms < std::clamp(rtt_ns / kNsPerMs, kLeastPause_ms, kMostPause_ms);
}

// The number that ends in `low`, at or before `newest`.
std::uint64_t widen(std::uint64_t newest, std::uint32_t low) {
  return newest - (static_cast<std::uint32_t>(newest) - low);
}

Outgoing rebuild(std::uint64_t sequence, const SentRecord& record, const StoredPacket& packet) {
  Outgoing out;
  out.sequence = sequence;
  out.timestamp = record.timestamp;
  out.marker = packet.marker;
  out.picture_id = record.picture_id;
  out.tl0_index = record.tl0_index;
  patch_prefix(out, packet);
  return out;
}

}  // namespace

void SentPackets::add(const Outgoing& outgoing, std::uint8_t encoding, const StoredPacket& packet, bool late,
                      std::uint64_t now_ns) {
  SentRecord record;
  record.source_sequence = static_cast<std::uint32_t>(packet.sequence);
  record.timestamp = outgoing.timestamp;
  record.sequence = static_cast<std::uint16_t>(outgoing.sequence);
  record.picture_id = outgoing.picture_id;
  record.sent_ms = milliseconds(now_ns);
  record.tl0_index = outgoing.tl0_index;
  record.encoding = encoding & 3;
  record.used = 1;
  record.repeated = late ? 1 : 0;
  records_[outgoing.sequence & mask_] = record;
}

Resend SentPackets::find(const Forwarder& forwarder, const Source& source, rtp::SequenceNumber lost,
                         std::uint64_t now_ns, std::uint64_t rtt_ns) {
  Resend answer;
  const std::uint64_t newest = forwarder.newest_sent();
  const auto back = static_cast<std::uint16_t>(static_cast<std::uint16_t>(newest) - lost.value);
  const std::uint64_t sequence = newest - back;
  SentRecord& record = records_[sequence & mask_];
  if (back > mask_ || record.used == 0 || record.sequence != lost.value) return answer;
  const auto refused = [&](Resend::Verdict verdict) {
    answer.verdict = verdict;
    return answer;
  };
  if (sequence < forwarder.oldest_kept()) return refused(Resend::Verdict::gone);
  if (record.tries >= kMostTries) return refused(Resend::Verdict::too_often);
  if (on_its_way(record, now_ns, rtt_ns)) return refused(Resend::Verdict::too_soon);
  const EncodingRing* ring = source.encodings[record.encoding].ring;
  if (ring == nullptr) return refused(Resend::Verdict::gone);
  answer.packet = ring->find(widen(forwarder.newest_source(record.encoding), record.source_sequence));
  if (answer.packet == nullptr) return refused(Resend::Verdict::gone);

  record.sent_ms = milliseconds(now_ns);
  record.repeated = 1;
  ++record.tries;
  answer.encoding = record.encoding;
  answer.outgoing = rebuild(sequence, record, *answer.packet);
  answer.verdict = Resend::Verdict::resend;
  return answer;
}

void SentPackets::clear() {
  std::fill_n(records_, std::size_t{mask_} + 1, SentRecord{});
}

}  // namespace penstock::sfu

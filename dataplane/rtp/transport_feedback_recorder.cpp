#include "dataplane/rtp/transport_feedback_recorder.h"

#include <algorithm>
#include <span>

namespace penstock::rtp {
namespace {

constexpr std::size_t kFixedBytes = 16;  // of the body, in front of the chunks
constexpr std::size_t kChunkBytes = 2;
constexpr std::size_t kRunLength = 8191;   // statuses a run length chunk can hold
constexpr std::size_t kOneBitLength = 14;  // statuses in a vector chunk of one-bit symbols
constexpr std::size_t kTwoBitLength = 7;
constexpr std::uint32_t kReferenceTicks = kFeedbackReferenceTick_us / kFeedbackTick_us;

/// The two-bit symbols of section 3.1.1; the number is also how many bytes of delta follow.
enum Symbol : std::uint8_t { kNotReceived = 0, kSmallDelta = 1, kLargeDelta = 2 };
using Symbols = std::span<const std::uint8_t>;

Symbol symbol_of(std::int32_t delta) {
  return delta >= 0 && delta <= 255 ? kSmallDelta : kLargeDelta;
}

/// Equal symbols at the front.
std::size_t run_of(Symbols symbols) {
  const auto end = std::ranges::find_if(symbols, [&](std::uint8_t s) { return s != symbols[0]; });
  return std::min<std::size_t>(static_cast<std::size_t>(end - symbols.begin()), kRunLength);
}

struct Chunk {
  std::uint16_t raw;
  std::size_t statuses;
};

Chunk vector_chunk(Symbols symbols, std::uint16_t tag, std::size_t length, unsigned bits) {
  std::uint16_t raw = 0;
  for (std::size_t i = 0; i < length; ++i) {
    raw = static_cast<std::uint16_t>(raw << bits | (i < symbols.size() ? unsigned{symbols[i]} : 0u));
  }
  return {static_cast<std::uint16_t>(tag | raw), std::min(length, symbols.size())};
}

/// The chunk that holds most of what is at the front, and never fewer than seven unless it holds all.
Chunk next_chunk(Symbols symbols) {
  const std::size_t run = run_of(symbols);
  const bool one_bit = std::ranges::none_of(symbols.first(std::min(kOneBitLength, symbols.size())),
                                            [](std::uint8_t s) { return s == kLargeDelta; });
  const std::size_t vector = one_bit ? kOneBitLength : kTwoBitLength;
  if (run >= vector || run == symbols.size()) {
    return {static_cast<std::uint16_t>(symbols[0] << 13 | run), run};
  }
  return one_bit ? vector_chunk(symbols, 0x8000, kOneBitLength, 1) : vector_chunk(symbols, 0xc000, kTwoBitLength, 2);
}

std::size_t chunk_count(Symbols symbols) {
  std::size_t count = 0;
  for (; !symbols.empty(); ++count) symbols = symbols.subspan(next_chunk(symbols).statuses);
  return count;
}

std::uint8_t* put_chunks(std::uint8_t* at, Symbols symbols) {
  while (!symbols.empty()) {
    const Chunk chunk = next_chunk(symbols);
    store_be16(at, chunk.raw);
    at += kChunkBytes;
    symbols = symbols.subspan(chunk.statuses);
  }
  return at;
}

/// At least as many as `put_chunks` writes for `statuses` of which the first `lost` are lost.
std::size_t most_chunk_bytes(std::size_t lost, std::size_t statuses) {
  const std::size_t runs = lost >= kOneBitLength ? 1 : 0;
  const std::size_t others = statuses - (runs == 0 ? 0 : std::min(lost, statuses));
  return (runs + (others + kTwoBitLength - 1) / kTwoBitLength) * kChunkBytes;
}

TransportSequence on_wire(std::int64_t sequence) {
  return {static_cast<std::uint16_t>(sequence)};
}

}  // namespace

void TransportFeedbackRecorder::on_packet(TransportSequence sequence, std::uint64_t arrival_us) {
  const auto ticks = static_cast<std::uint32_t>(arrival_us / kFeedbackTick_us);
  const int ahead = sequence.distance_from(on_wire(newest_));
  if (started_ && ahead <= -static_cast<int>(kWindow) && !is_restart(sequence)) return;
  if (!started_ || ahead <= -static_cast<int>(kWindow)) {
    received_.fill(0);
    newest_ = next_ = sequence.value;
    started_ = true;
    stale_ = false;
    return record(newest_, ticks);
  }
  stale_ = false;
  const std::int64_t number = newest_ + ahead;
  if (number > newest_) {
    advance_to(number);
  } else if (received(number)) {
    return;
  }
  next_ = std::min(next_, number);
  record(number, ticks);
}

/// Two in a row from far behind: the sender counts anew.
bool TransportFeedbackRecorder::is_restart(TransportSequence sequence) {
  if (stale_ && sequence == after_stale_) return true;
  stale_ = true;
  after_stale_ = sequence + 1;
  return false;
}

/// Slots that enter the window are of packets not received; what leaves it untold stays untold.
void TransportFeedbackRecorder::advance_to(std::int64_t number) {
  constexpr auto kSlots = static_cast<std::int64_t>(kWindow);
  for (std::int64_t i = std::max(newest_ + 1, number - kSlots + 1); i <= number; ++i) {
    received_[slot_of(i) / 64] &= ~(std::uint64_t{1} << slot_of(i) % 64);
  }
  newest_ = number;
  next_ = std::max(next_, newest_ - kSlots + 1);
}

void TransportFeedbackRecorder::record(std::int64_t number, std::uint32_t ticks) {
  received_[slot_of(number) / 64] |= std::uint64_t{1} << slot_of(number) % 64;
  arrival_ticks_[slot_of(number)] = ticks;
}

bool TransportFeedbackRecorder::append_to(RtcpWriter& writer, Ssrc sender, Ssrc media) {
  if (!pending() || writer.room() < kLeastRoom) return false;
  std::int64_t first = next_;  // the newest one was received, so there is one
  while (!received(first)) ++first;
  const auto leading = static_cast<std::size_t>(first - next_);
  const std::uint32_t reference = arrival_ticks_[slot_of(first)] / kReferenceTicks;

  // As many statuses as fit, ending before a delta that 16 bits do not hold: that one starts the next packet.
  const std::size_t room = writer.room() - kRtcpHeaderBytes - kFixedBytes;
  std::array<std::uint8_t, kWindow> symbols;
  std::size_t count = 0, delta_bytes = 0;
  std::uint32_t previous = reference * kReferenceTicks;
  for (std::int64_t number = next_; number <= newest_; ++number) {
    std::uint8_t symbol = kNotReceived;
    if (received(number)) {
      const auto delta = static_cast<std::int32_t>(arrival_ticks_[slot_of(number)] - previous);
      if (delta < INT16_MIN || delta > INT16_MAX) break;
      symbol = symbol_of(delta);
      previous = arrival_ticks_[slot_of(number)];
    }
    if (padded(most_chunk_bytes(leading, count + 1) + delta_bytes + symbol) > room) break;
    symbols[count++] = symbol;
    delta_bytes += symbol;
  }

  const Symbols statuses = Symbols(symbols).first(count);
  const auto body = writer.packet(RtcpType::transport_layer_feedback, kFormatTransportFeedback,
                                  padded(kFixedBytes + chunk_count(statuses) * kChunkBytes + delta_bytes));
  if (body.empty()) return false;
  store_be32(&body[0], to_wire(sender));
  store_be32(&body[4], to_wire(media));
  store_be16(&body[8], on_wire(next_).value);
  store_be16(&body[10], static_cast<std::uint16_t>(count));
  store_be24(&body[12], reference);
  body[15] = feedback_count_++;
  put_deltas(put_chunks(body.data() + kFixedBytes, statuses), statuses, reference * kReferenceTicks);
  next_ += static_cast<std::int64_t>(count);
  return true;
}

void TransportFeedbackRecorder::put_deltas(std::uint8_t* at, std::span<const std::uint8_t> symbols,
                                           std::uint32_t previous) const {
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (symbols[i] == kNotReceived) continue;
    const std::uint32_t ticks = arrival_ticks_[slot_of(next_ + static_cast<std::int64_t>(i))];
    if (symbols[i] == kSmallDelta) {
      *at = static_cast<std::uint8_t>(ticks - previous);
    } else {
      store_be16(at, static_cast<std::uint16_t>(ticks - previous));
    }
    at += symbols[i];
    previous = ticks;
  }
}

}  // namespace penstock::rtp

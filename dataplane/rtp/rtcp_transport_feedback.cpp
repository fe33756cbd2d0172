#include "dataplane/rtp/rtcp_transport_feedback.h"

#include <algorithm>

namespace penstock::rtp {
namespace {

constexpr std::size_t kFixedBytes = 16;
constexpr std::size_t kChunkBytes = 2;

/// A packet status chunk (section 3.1.3 and 3.1.4 of the draft).
struct Chunk {
  std::uint16_t statuses = 0;    ///< how many it holds
  std::uint16_t symbols = 0;     ///< vector: the first on top; run: the one symbol
  std::uint8_t symbol_bits = 0;  ///< 0 for a run
};

Chunk read_chunk(const std::uint8_t* at) {
  const std::uint16_t raw = load_be16(at);
  if ((raw & 0x8000) == 0) {
    return {static_cast<std::uint16_t>(raw & 0x1fff), static_cast<std::uint16_t>(raw >> 13), 0};
  }
  const auto symbols = static_cast<std::uint16_t>(raw << 2);
  if ((raw & 0x4000) == 0) return {14, symbols, 1};
  return {7, symbols, 2};
}

/// Bytes of deltas that the first `statuses` of a chunk need; nothing if one of them is the reserved symbol.
std::optional<std::size_t> delta_bytes(const Chunk& chunk, std::size_t statuses) {
  // No delta, 8 bits, 16 bits: the symbol is the number of bytes.
  if (chunk.symbol_bits == 0) {
    if (chunk.symbols == 3) return std::nullopt;
    return statuses * chunk.symbols;
  }
  std::size_t bytes = 0;
  std::uint16_t symbols = chunk.symbols;
  for (std::size_t i = 0; i < statuses; ++i) {
    const unsigned symbol = static_cast<unsigned>(symbols) >> (16 - chunk.symbol_bits);
    if (symbol == 3) return std::nullopt;
    bytes += symbol;
    symbols = static_cast<std::uint16_t>(symbols << chunk.symbol_bits);
  }
  return bytes;
}

/// Where the deltas start in `chunks`, if these hold `statuses` and all their deltas.
std::optional<std::size_t> measure(Bytes chunks, std::size_t statuses) {
  std::size_t at = 0, deltas = 0;
  while (statuses > 0) {
    if (chunks.size() - at < kChunkBytes) return std::nullopt;
    const Chunk chunk = read_chunk(&chunks[at]);
    const std::size_t taken = std::min<std::size_t>(chunk.statuses, statuses);
    const auto bytes = delta_bytes(chunk, taken);
    if (!bytes) return std::nullopt;
    deltas += *bytes;
    statuses -= taken;
    at += kChunkBytes;
  }
  if (chunks.size() - at < deltas) return std::nullopt;
  return at;
}

}  // namespace

std::optional<TransportFeedback> transport_feedback(const RtcpPacket& packet) {
  const Bytes body = packet.body;
  if (!packet.is(RtcpType::transport_layer_feedback, kFormatTransportFeedback) || body.size() < kFixedBytes) {
    return std::nullopt;
  }
  TransportFeedback feedback;
  feedback.sender = Ssrc{load_be32(&body[0])};
  feedback.media = Ssrc{load_be32(&body[4])};
  feedback.base = {load_be16(&body[8])};
  feedback.status_count = load_be16(&body[10]);
  feedback.reference_time = static_cast<std::int32_t>(load_be24(&body[12]) << 8) >> 8;
  feedback.feedback_count = body[15];
  feedback.chunks = body.subspan(kFixedBytes);
  if (feedback.status_count == 0) return std::nullopt;
  const auto deltas = measure(feedback.chunks, feedback.status_count);
  if (!deltas) return std::nullopt;
  feedback.delta_offset = static_cast<std::uint32_t>(*deltas);
  return feedback;
}

TransportFeedback::Arrivals TransportFeedback::arrivals() const {
  return Arrivals(*this);
}

TransportFeedback::Arrivals::Arrivals(const TransportFeedback& feedback)
    : chunk_(feedback.chunks.data()),
      delta_(feedback.chunks.data() + feedback.delta_offset),
      sequence_(feedback.base),
      statuses_left_(feedback.status_count),
      time_us_(feedback.reference_time * kFeedbackReferenceTick_us) {}

bool TransportFeedback::Arrivals::take_chunk() {
  if (statuses_left_ == 0) return false;
  const Chunk chunk = read_chunk(chunk_);
  chunk_ += kChunkBytes;
  in_chunk_ = std::min(chunk.statuses, statuses_left_);
  statuses_left_ = static_cast<std::uint16_t>(statuses_left_ - in_chunk_);
  symbols_ = chunk.symbols;
  symbol_bits_ = chunk.symbol_bits;
  if (symbol_bits_ == 0 && symbols_ == 0) {  // a run of lost packets
    sequence_ = sequence_ + in_chunk_;
    in_chunk_ = 0;
  }
  return true;
}

unsigned TransportFeedback::Arrivals::take_symbol() {
  --in_chunk_;
  ++sequence_;
  if (symbol_bits_ == 0) return symbols_;
  const unsigned symbol = static_cast<unsigned>(symbols_) >> (16 - symbol_bits_);
  symbols_ = static_cast<std::uint16_t>(symbols_ << symbol_bits_);
  return symbol;
}

std::optional<Arrival> TransportFeedback::Arrivals::next() {
  for (;;) {
    if (in_chunk_ == 0) {
      if (!take_chunk()) return std::nullopt;
      continue;
    }
    const TransportSequence sequence = sequence_;
    const unsigned symbol = take_symbol();
    if (symbol == 0) continue;
    const std::int64_t ticks = symbol == 1 ? *delta_ : static_cast<std::int16_t>(load_be16(delta_));
    delta_ += symbol;
    time_us_ += ticks * kFeedbackTick_us;
    return Arrival{sequence, time_us_};
  }
}

}  // namespace penstock::rtp

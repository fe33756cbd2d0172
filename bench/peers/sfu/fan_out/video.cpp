#include "bench/peers/sfu/fan_out/video.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/net/bytes.h"

namespace penstock::peers {
namespace {

constexpr std::uint64_t kMagic = 0x70656e73746f636b;
constexpr std::size_t kDescriptorBytes = 6;

}  // namespace

void Video::begin_frame(std::uint64_t now_ns) {
  first_index_ = next_index_;
  next_index_ += shape_.packets;
  captured_ns_ = now_ns;
  ++frames_;
  key_ = key_wanted_ || ++since_key_ >= kKeyInterval;
  if (key_) since_key_ = 0;
  key_wanted_ = false;
}

rtp::FixedHeader Video::header(unsigned i) const {
  const std::uint64_t clock_90khz = captured_ns_ * 9 / 100'000;
  return {.ssrc = rtp::Ssrc{ssrc_},
          .timestamp = rtp::Timestamp{static_cast<std::uint32_t>(clock_90khz)},
          .sequence = rtp::SequenceNumber{static_cast<std::uint16_t>(first_index_ + i)},
          .payload_type = kVideoPayloadType,
          .marker = i + 1 == shape_.packets};
}

void Video::write_payload(unsigned i, std::uint64_t now_ns, std::uint8_t* out) const {
  const std::size_t bytes = payload_bytes();
  std::memset(out, static_cast<int>(i + 1), bytes - kStampBytes);
  // RFC 7741 section 4.2: X, S on the first packet; I, L, T; 15-bit picture id; TL0PICIDX; temporal layer 0.
  out[0] = static_cast<std::uint8_t>(0x80 | (i == 0 ? 0x10 : 0));
  out[1] = 0xe0;
  net::store_be16(out + 2, static_cast<std::uint16_t>(0x8000 | (frames_ & 0x7fff)));
  out[4] = static_cast<std::uint8_t>(frames_);
  out[5] = 0;
  if (i == 0) {
    // RFC 6386 section 9.1: a shown frame; a key frame has its start code and size, 1280 x 720.
    static constexpr std::array<std::uint8_t, 10> kKey{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02};
    static constexpr std::array<std::uint8_t, 3> kDelta{0x11, 0, 0};
    if (key_) {
      std::copy(kKey.begin(), kKey.end(), out + kDescriptorBytes);
    } else {
      std::copy(kDelta.begin(), kDelta.end(), out + kDescriptorBytes);
    }
  }
  net::store_be64(out + bytes - 16, kMagic);
  net::store_be64(out + bytes - 8, now_ns);
}

std::optional<std::uint64_t> sent_ns(rtp::Bytes payload) {
  if (payload.size() < Video::kStampBytes || net::load_be64(payload.last(16).data()) != kMagic) return std::nullopt;
  return net::load_be64(payload.last(8).data());
}

}  // namespace penstock::peers

#pragma once
// ChannelData messages (RFC 8656 section 12.4): channel number, length, payload.

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "dataplane/stun/bytes.h"

namespace penstock::stun {

constexpr std::size_t kChannelDataHeaderBytes = 4;
/// What RFC 5766 clients may bind; RFC 8656 servers grant up to 0x4fff. A number no channel has is dropped by lookup.
constexpr std::uint16_t kFirstChannel = 0x4000;
constexpr std::uint16_t kLastChannel = 0x7fff;

enum class ChannelDataError : std::uint8_t {
  truncated_header,  ///< fewer than 4 bytes
  not_channel_data,  ///< the number is outside 0x4000-0x7fff
  overrun,           ///< the length field reaches past the datagram (RFC 8656 section 12.6: discard)
};

struct ChannelData {
  std::uint16_t channel = 0;
  Bytes data;  ///< points into the datagram
};

/// Over UDP padding is optional, so the datagram may be longer than the length field says; the rest is ignored.
inline tl::expected<ChannelData, ChannelDataError> parse_channel_data(Bytes datagram) {
  if (datagram.size() < kChannelDataHeaderBytes) return tl::unexpected(ChannelDataError::truncated_header);
  const std::uint16_t channel = load_be16(datagram.data());
  if (channel < kFirstChannel || channel > kLastChannel) return tl::unexpected(ChannelDataError::not_channel_data);
  const std::size_t length = load_be16(&datagram[2]);
  if (length > datagram.size() - kChannelDataHeaderBytes) return tl::unexpected(ChannelDataError::overrun);
  return ChannelData{channel, datagram.subspan(kChannelDataHeaderBytes, length)};
}

/// Writes the header that goes before `length` bytes of payload. Over UDP no padding is needed behind them.
inline void write_channel_data_header(std::span<std::uint8_t, kChannelDataHeaderBytes> out, std::uint16_t channel,
                                      std::uint16_t length) {
  store_be16(out.data(), channel);
  store_be16(out.data() + 2, length);
}

}  // namespace penstock::stun

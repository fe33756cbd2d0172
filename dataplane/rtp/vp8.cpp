#include "dataplane/rtp/vp8.h"

#include <algorithm>
#include <cstring>

namespace penstock::rtp {

std::string_view to_string(Vp8Error error) {
  switch (error) {
    case Vp8Error::truncated:
      return "truncated";
    case Vp8Error::empty:
      return "empty";
  }
  return "unknown";
}

namespace {

/// The optional fields, in wire order behind the second byte, whose bits say which there are. False if `payload` ends.
bool read_optional_fields(Vp8Descriptor& d, Bytes payload) {
  if (payload.size() < 2) return false;
  const std::uint8_t fields = payload[1];
  d.has_picture_id = (fields & 0x80) != 0;
  d.has_tl0picidx = (fields & 0x40) != 0;
  d.has_temporal_layer = (fields & 0x20) != 0;
  d.has_key_index = (fields & 0x10) != 0;
  std::size_t at = 2;
  if (d.has_picture_id) {
    if (payload.size() <= at) return false;
    d.long_picture_id = (payload[at] & 0x80) != 0;
    if (d.long_picture_id && payload.size() <= at + 1) return false;
    d.picture_id = d.long_picture_id ? load_be16(&payload[at]) & 0x7fff : payload[at];
    at += d.long_picture_id ? 2 : 1;
  }
  if (d.has_tl0picidx) {
    if (payload.size() <= at) return false;
    d.tl0picidx = payload[at++];
  }
  if (d.has_temporal_layer || d.has_key_index) {
    if (payload.size() <= at) return false;
    const std::uint8_t both = payload[at++];
    if (d.has_temporal_layer) {
      d.temporal_layer = both >> 6;
      d.layer_sync = (both & 0x20) != 0;
    }
    if (d.has_key_index) d.key_index = both & 0x1f;
  }
  d.bytes = static_cast<std::uint8_t>(at);
  return true;
}

}  // namespace

tl::expected<Vp8Descriptor, Vp8Error> parse_vp8(Bytes payload) {
  if (payload.empty()) return tl::unexpected(Vp8Error::truncated);
  Vp8Descriptor d;
  d.bytes = 1;
  d.non_reference = (payload[0] & 0x20) != 0;
  d.partition_start = (payload[0] & 0x10) != 0;
  d.partition = payload[0] & 0x07;
  if ((payload[0] & 0x80) != 0 && !read_optional_fields(d, payload)) return tl::unexpected(Vp8Error::truncated);
  if (payload.size() == d.bytes) return tl::unexpected(Vp8Error::empty);
  return d;
}

bool starts_key_frame(const Vp8Descriptor& descriptor, Bytes payload) {
  return descriptor.frame_start() && payload.size() > descriptor.bytes && (payload[descriptor.bytes] & 0x01) == 0;
}

std::optional<FrameSize> key_frame_size(const Vp8Descriptor& descriptor, Bytes payload) {
  // RFC 6386 section 9.1: a frame tag of 3 bytes, the start code, two little-endian words of 14 bits and a scale.
  constexpr std::size_t kKeyFrameHeaderBytes = 10;
  constexpr std::uint32_t kStartCode = 0x9d012a;
  if (!starts_key_frame(descriptor, payload)) return std::nullopt;
  const Bytes frame = payload.subspan(descriptor.bytes);
  if (frame.size() < kKeyFrameHeaderBytes || load_be24(&frame[3]) != kStartCode) return std::nullopt;
  return FrameSize{static_cast<std::uint16_t>((frame[6] | frame[7] << 8) & 0x3fff),
                   static_cast<std::uint16_t>((frame[8] | frame[9] << 8) & 0x3fff)};
}

Vp8Prefix normalise(const Vp8Descriptor& descriptor, Bytes payload) {
  Vp8Prefix prefix;
  prefix.rest_offset = descriptor.bytes;
  if (!descriptor.has_picture_id) {
    std::copy_n(payload.begin(), descriptor.bytes, prefix.bytes.begin());
    prefix.size = descriptor.bytes;
    prefix.tl0picidx_offset = descriptor.has_tl0picidx ? 2 : 0;
    return prefix;
  }
  prefix.bytes[0] = payload[0];
  prefix.bytes[1] = payload[1];
  store_be16(&prefix.bytes[2], static_cast<std::uint16_t>(0x8000 | descriptor.picture_id));
  const std::size_t behind = descriptor.long_picture_id ? 4 : 3;
  std::copy(payload.begin() + behind, payload.begin() + descriptor.bytes, prefix.bytes.begin() + 4);
  prefix.size = static_cast<std::uint8_t>(4 + descriptor.bytes - behind);
  prefix.picture_id_offset = 2;
  prefix.tl0picidx_offset = descriptor.has_tl0picidx ? 4 : 0;
  return prefix;
}

std::size_t write_prefix(std::span<std::uint8_t, Vp8Prefix::kMostBytes> out, const Vp8Prefix& prefix,
                         std::uint16_t picture_id, std::uint8_t tl0picidx) {
  std::memcpy(out.data(), prefix.bytes.data(), Vp8Prefix::kMostBytes);
  if (prefix.picture_id_offset != 0) {
    store_be16(&out[prefix.picture_id_offset], static_cast<std::uint16_t>(0x8000 | picture_id));
  }
  if (prefix.tl0picidx_offset != 0) out[prefix.tl0picidx_offset] = tl0picidx;
  return prefix.size;
}

}  // namespace penstock::rtp

#include "dataplane/rtp/header_template.h"

#include <algorithm>
#include <cstring>

namespace penstock::rtp {
namespace {

constexpr std::size_t kBlockOffset = kFixedHeaderBytes;
constexpr std::size_t kElementsOffset = kBlockOffset + 4;
constexpr std::uint8_t kLargestOneByteId = 14;

/// What goes into a template, in this order.
struct Element {
  Extension extension;
  Bytes value;
};

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::optional<HeaderTemplate> HeaderTemplate::make(const Parameters& parameters) {
  static constexpr std::array<std::uint8_t, 3> kBlank{};
  const Bytes blank(kBlank);
  const std::array<Element, kExtensions> elements{{
      {Extension::abs_send_time, blank.first(3)},
      {Extension::transport_sequence, blank.first(2)},
      {Extension::audio_level, blank.first(1)},
      {Extension::video_orientation, blank.first(1)},
      {Extension::mid, bytes_of(parameters.mid)},
      {Extension::rid, bytes_of(parameters.rid)},
      {Extension::repaired_rid, bytes_of(parameters.repaired_rid)},
  }};

  HeaderTemplate made;
  const bool one_byte = std::ranges::all_of(
      elements, [&](const Element& e) { return e.value.empty() || parameters.ids[e.extension] <= kLargestOneByteId; });
  made.element_header_bytes_ = one_byte ? 1 : 2;
  made.size_ = kElementsOffset;
  for (const Element& e : elements) {
    if (!made.add(e.extension, parameters.ids, e.value)) return std::nullopt;
  }

  made.bytes_[0] = kVersion << 6;
  if (made.size_ == kElementsOffset) {  // nothing to carry: no extension at all
    made.size_ = kFixedHeaderBytes;
    return made;
  }
  made.bytes_[0] |= 0x10;
  made.size_ = static_cast<std::uint8_t>(padded(made.size_));
  store_be16(&made.bytes_[kBlockOffset], one_byte ? kOneByteProfile : kTwoByteProfile);
  store_be16(&made.bytes_[kBlockOffset + 2], static_cast<std::uint16_t>((made.size_ - kElementsOffset) / 4));
  return made;
}

/// Appends an element if it is negotiated and has a value. False if it does not fit.
bool HeaderTemplate::add(Extension extension, const ExtensionIds& ids, Bytes value) {
  const std::uint8_t id = ids[extension];
  if (id == 0 || value.empty()) return true;
  if (value.size() > kLongestStreamId || size_ + element_header_bytes_ + value.size() > kMostBytes) return false;
  std::uint8_t* at = &bytes_[size_];
  if (element_header_bytes_ == 1) {
    at[0] = static_cast<std::uint8_t>(id << 4 | (value.size() - 1));
  } else {
    at[0] = id;
    at[1] = static_cast<std::uint8_t>(value.size());
  }
  std::memcpy(at + element_header_bytes_, value.data(), value.size());
  offset_[static_cast<std::size_t>(extension)] = size_;
  size_ = static_cast<std::uint8_t>(size_ + element_header_bytes_ + value.size());
  return true;
}

/// Where the value of a slot goes. nullptr if there is no slot, or no value: then the slot is blank now.
std::uint8_t* HeaderTemplate::slot(std::uint8_t* out, Extension extension, const ExtensionValues& values,
                                   std::size_t value_bytes) const {
  const std::size_t offset = offset_[static_cast<std::size_t>(extension)];
  if (offset == 0) return nullptr;
  if (values.has(extension)) return out + offset + element_header_bytes_;
  std::memset(out + offset, 0, element_header_bytes_ + value_bytes);
  return nullptr;
}

void HeaderTemplate::write(std::span<std::uint8_t, kMostBytes> out, const FixedHeader& header,
                           const ExtensionValues& values) const {
  std::uint8_t* const to = out.data();
  std::memcpy(to, bytes_.data(), kMostBytes);
  to[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
  store_be16(to + 2, header.sequence.value);
  store_be32(to + 4, header.timestamp.value);
  store_be32(to + 8, to_wire(header.ssrc));
  if (auto* at = slot(to, Extension::abs_send_time, values, 3)) store_be24(at, values.abs_send_time);
  if (auto* at = slot(to, Extension::transport_sequence, values, 2)) store_be16(at, values.transport_sequence);
  if (auto* at = slot(to, Extension::audio_level, values, 1)) *at = values.audio_level;
  if (auto* at = slot(to, Extension::video_orientation, values, 1)) *at = values.video_orientation;
}

}  // namespace penstock::rtp

#include "dataplane/rtp/header_extensions.h"

#include <bit>
#include <cstring>

namespace penstock::rtp {

std::optional<Extension> extension_of(std::string_view uri) {
  for (std::size_t i = 0; i < kExtensions; ++i) {
    if (kExtensionUris[i] == uri) return static_cast<Extension>(i);
  }
  return std::nullopt;
}

std::optional<Extension> ExtensionIds::meaning_of(std::uint8_t id) const {
  if (id == 0) return std::nullopt;
  // The byte that equals `id` becomes 0, and the usual test for a zero byte marks it with its top bit. It may also mark
  // bytes above a true one, so the lowest mark counts.
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  std::uint64_t all = 0;
  static_assert(sizeof all == sizeof ids_);
  std::memcpy(&all, ids_.data(), sizeof all);
  const std::uint64_t difference = all ^ kOnes * id;
  const std::uint64_t marks = (difference - kOnes) & ~difference & kOnes << 7;
  if (marks == 0) return std::nullopt;
  const unsigned byte = static_cast<unsigned>(std::countr_zero(marks)) / 8;
  return static_cast<Extension>(net::kSwapped ? byte : 7 - byte);
}

namespace {

void take_text(std::string_view& text, Bytes value) {
  if (text.empty() && value.size() <= kLongestStreamId) text = text_of(value);
}

/// One element whose meaning is known. The first of a kind counts.
void take(Extensions& found, Extension extension, Bytes value) {
  ExtensionValues& values = found.values;
  switch (extension) {
    case Extension::mid:
      return take_text(found.mid, value);
    case Extension::rid:
      return take_text(found.rid, value);
    case Extension::repaired_rid:
      return take_text(found.repaired_rid, value);
    case Extension::abs_send_time:
      if (value.size() == 3 && !values.has(extension)) values.set_abs_send_time(load_be24(value.data()));
      return;
    case Extension::transport_sequence:
      if (value.size() == 2 && !values.has(extension)) values.set_transport_sequence(load_be16(value.data()));
      return;
    case Extension::audio_level:
      if (value.size() == 1 && !values.has(extension)) values.set_audio_level(value[0]);
      return;
    case Extension::video_orientation:
      if (value.size() == 1 && !values.has(extension)) values.set_video_orientation(value[0]);
      return;
  }
}

/// RFC 8285 section 4.2: id and length - 1 share a byte. Id 15, and id 0 with a length, end it.
void walk_one_byte(Extensions& found, Bytes left, const ExtensionIds& ids) {
  while (!left.empty()) {
    if (left[0] == 0) {  // padding
      left = left.subspan(1);
      continue;
    }
    const std::uint8_t id = left[0] >> 4;
    const std::size_t size = (left[0] & 0x0f) + 1u;
    if (id == 0 || id == 15 || size > left.size() - 1) return;
    if (const auto extension = ids.meaning_of(id)) take(found, *extension, left.subspan(1, size));
    left = left.subspan(1 + size);
  }
}

/// RFC 8285 section 4.3: a byte of id and a byte of length, which may be 0.
void walk_two_byte(Extensions& found, Bytes left, const ExtensionIds& ids) {
  while (!left.empty()) {
    const std::uint8_t id = left[0];
    if (id == 0) {  // padding, without a length
      left = left.subspan(1);
      continue;
    }
    if (left.size() < 2 || left[1] > left.size() - 2) return;
    const std::size_t size = left[1];
    if (const auto extension = ids.meaning_of(id)) take(found, *extension, left.subspan(2, size));
    left = left.subspan(2 + size);
  }
}

}  // namespace

Extensions find_extensions(std::uint16_t profile, Bytes elements, const ExtensionIds& ids) {
  Extensions found;
  if (profile == kOneByteProfile) {
    walk_one_byte(found, elements, ids);
  } else if ((profile & 0xfff0) == kTwoByteProfile) {  // the low four bits are the application's
    walk_two_byte(found, elements, ids);
  }
  return found;
}

}  // namespace penstock::rtp

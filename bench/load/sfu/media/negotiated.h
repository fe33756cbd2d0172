#pragma once
// What all our endpoints negotiate: the numbers Chromium uses.

#include <cstdint>

#include "dataplane/rtp/header_extensions.h"

namespace penstock::load::media {

inline constexpr std::uint8_t kOpus = 111;
inline constexpr std::uint8_t kVp8 = 96;
inline constexpr std::uint8_t kRtx = 97;
inline constexpr std::uint32_t kOpusClock_hz = 48'000;
inline constexpr std::uint32_t kVideoClock_hz = 90'000;

constexpr rtp::ExtensionIds audio_extensions() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::audio_level, 1);
  ids.set(rtp::Extension::abs_send_time, 2);
  ids.set(rtp::Extension::transport_sequence, 3);
  ids.set(rtp::Extension::mid, 4);
  return ids;
}

constexpr rtp::ExtensionIds video_extensions() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::abs_send_time, 2);
  ids.set(rtp::Extension::transport_sequence, 3);
  ids.set(rtp::Extension::mid, 4);
  ids.set(rtp::Extension::rid, 10);
  ids.set(rtp::Extension::repaired_rid, 11);
  return ids;
}

/// Of an endpoint that has both: no id has two meanings.
constexpr rtp::ExtensionIds all_extensions() {
  rtp::ExtensionIds ids = video_extensions();
  ids.set(rtp::Extension::audio_level, 1);
  return ids;
}

}  // namespace penstock::load::media

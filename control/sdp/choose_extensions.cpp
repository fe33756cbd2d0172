#include "control/sdp/choose_extensions.h"

namespace penstock::control::sdp {
namespace {

using rtp::Extension;

/// Penstock writes the one-byte form (RFC 8285 section 4.2); it reads both, and 15 is reserved in one of them.
bool is_usable_id(std::uint8_t id, Role role) {
  return id != 15 && (role == Role::publisher || id < 15);
}

/// Whether media that flows the way `role` says may carry it, as the offerer sees directions (RFC 8285 section 6).
bool flows(Direction direction, Role role) {
  return role == Role::publisher ? sends(direction) : receives(direction);
}

bool is_served(Extension extension, Role role, const AcceptedSection& accepted) {
  switch (extension) {
    case Extension::mid:
    case Extension::abs_send_time:
      return true;
    case Extension::transport_sequence:
      return accepted.feedback.transport;
    case Extension::rid:
    case Extension::repaired_rid:
      return role == Role::publisher && accepted.kind == sfu::MediaKind::video;  // a player gets one encoding
    case Extension::audio_level:
      return accepted.kind == sfu::MediaKind::audio;
    case Extension::video_orientation:
      return accepted.kind == sfu::MediaKind::video;
  }
  return false;
}

}  // namespace

void choose_extensions(const Section& section, Role role, ExtensionMeanings& meanings, AcceptedSection& accepted) {
  for (const HeaderExtension& offered : section.extensions) {
    const auto extension = rtp::extension_of(offered.uri);
    if (!extension || accepted.extensions[*extension] != 0) continue;
    if (!is_usable_id(offered.id, role) || !flows(offered.direction, role)) continue;
    if (!is_served(*extension, role, accepted) || !meanings.may_mean(offered.id, *extension)) continue;
    accepted.extensions.set(*extension, offered.id);
    meanings.set(offered.id, *extension);
  }
  if (accepted.extensions[Extension::transport_sequence] == 0) accepted.feedback.transport = false;
}

}  // namespace penstock::control::sdp

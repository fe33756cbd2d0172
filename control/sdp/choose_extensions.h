#pragma once
// Which header extensions of a section are taken. Private to the folder.

#include <array>
#include <cstdint>
#include <optional>

#include "control/sdp/negotiate.h"

namespace penstock::control::sdp {

/// What the ids of one BUNDLE group stand for so far. An id has one meaning on a transport (RFC 9143 section 9.2), but
/// not every client knows: the first section's wins, and the other extension is not taken.
class ExtensionMeanings {
 public:
  bool may_mean(std::uint8_t id, rtp::Extension extension) const {
    return !meanings_[id] || meanings_[id] == extension;
  }
  void set(std::uint8_t id, rtp::Extension extension) { meanings_[id] = extension; }

 private:
  std::array<std::optional<rtp::Extension>, 256> meanings_;
};

/// Fills accepted.extensions, and takes back accepted.feedback.transport where there are no transport-wide sequence
/// numbers to report on.
void choose_extensions(const Section& section, Role role, ExtensionMeanings& meanings, AcceptedSection& accepted);

}  // namespace penstock::control::sdp

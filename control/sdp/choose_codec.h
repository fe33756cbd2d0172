#pragma once
// Which of a section's codecs is taken, and what goes with it. Private to the folder.

#include <optional>
#include <string>

#include "control/sdp/negotiate.h"

namespace penstock::control::sdp {

/// Kind, codec, retransmission format, fmtp and feedback; nothing when the section has no codec that we forward.
std::optional<AcceptedSection> choose_codec(const Section& section);

/// "VP9, H264, AV1": for error messages.
std::string codec_names(const Section& section);

}  // namespace penstock::control::sdp

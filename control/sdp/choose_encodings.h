#pragma once
// The streams that a section will send. Private to the folder.

#include <vector>

#include "control/sdp/negotiate.h"

namespace penstock::control::sdp {

/// Simulcast by RID (RFC 8853) or by an SSRC group SIM (what browsers did before), or one stream. The lowest quality
/// first; the best sfu::kMostEncodings if there are more.
std::vector<Encoding> choose_encodings(const Section& section, const AcceptedSection& accepted);

}  // namespace penstock::control::sdp

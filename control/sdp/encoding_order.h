#pragma once
// Which simulcast layer is the better one: SDP does not say. Private to the folder.

#include <vector>

#include "control/sdp/offer.h"

namespace penstock::control::sdp {

/// Sorts by quality, the lowest first: by what all a=rid lines restrict (max-width, ...), else by the names that
/// clients use ("q", "h", "f"; "low", "mid", "high"). Otherwise the order stays: that is how browsers scale encodings
/// that nobody scaled (WebRTC, section 5.4.1: the last one has full size).
void sort_by_quality(std::vector<const RidLine*>& rids);

}  // namespace penstock::control::sdp

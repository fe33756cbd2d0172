#pragma once
// Entity tags of ICE sessions (RFC 9725 section 4.3.1). Private to the folder.

#include <string>
#include <string_view>

namespace penstock::control::whip {

/// "..." around our ICE fragment: random, and another one after every restart.
std::string entity_tag(std::string_view ice_ufrag);

/// Whether an If-Match list ("*", or tags between commas) names `tag`, by strong comparison (RFC 9110 section 13.1.1).
/// `"*"`, a star within quotes as in the examples of RFC 9725, is taken for the star it means.
bool if_match(std::string_view list, std::string_view tag);

}  // namespace penstock::control::whip

#pragma once
// Who may do what: bearer tokens at the door (RFC 9725 section 4.7, RFC 6750). Private to the folder.

#include <optional>
#include <string>
#include <string_view>

#include "control/http/message.h"
#include "control/sdp/negotiate.h"
#include "control/whip/options.h"

namespace penstock::control::whip {

/// The answer to a request that may not begin a session of this role in this room: 401 or 403 with WWW-Authenticate;
/// nothing if it may.
std::optional<http::Response> refusal(const Options& options, const http::Request& request, std::string_view room,
                                      sdp::Role role);

/// Likewise for a request to a session. The token that began it remains good for it: exp says when one may begin, and a
/// session that cannot be ended because its token has expired helps nobody.
std::optional<http::Response> refusal(const Options& options, const http::Request& request, std::string_view room,
                                      sdp::Role role, const std::string& session_token);

}  // namespace penstock::control::whip

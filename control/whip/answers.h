#pragma once
// What is answered when a request does not do. Private to the folder.

#include <string>
#include <string_view>

#include "control/http/message.h"
#include "control/rooms/error.h"
#include "control/sdp/error.h"

namespace penstock::control::whip {

inline constexpr std::string_view kSdpType = "application/sdp";
inline constexpr std::string_view kFragmentType = "application/trickle-ice-sdpfrag";

/// 400: the body is no SDP.
http::Response malformed(const sdp::Error& error);
/// 422: it is, but not an offer that can be answered (RFC 9725 section 4.4).
http::Response unprocessable(const sdp::Error& error);
/// 415, with what is taken instead.
http::Response unsupported_type(std::string_view accept_header, std::string_view type);
/// The model's refusal. Its field names mean nothing to who speaks SDP, its sentences do.
http::Response refused(const rooms::Error& error);
/// 404
http::Response no_such_session();

}  // namespace penstock::control::whip

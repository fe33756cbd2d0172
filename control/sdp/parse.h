#pragma once
// SDP text to a description (RFC 8866 section 5). Total: any bytes give a description or an error.

#include <cstddef>
#include <string_view>
#include <tl/expected.hpp>

#include "control/sdp/description.h"
#include "control/sdp/error.h"

namespace penstock::control::sdp {

// Far above what browsers send (about 7 KB and 300 lines), far below what would cost anything.
inline constexpr std::size_t kMostBytes = 65536;
inline constexpr std::size_t kMostLines = 4096;
inline constexpr std::size_t kMostLineBytes = 8192;
inline constexpr std::size_t kMostMediaDescriptions = 32;

/// Lines may end in CRLF or LF. Refused: letters RFC 8866 does not know, a description that lacks v=, o=, s= or t=,
/// session lines behind the first m=, lines twice that may come once.
tl::expected<Description, Error> parse(std::string_view text);

/// The body of a PATCH, "application/trickle-ice-sdpfrag" (RFC 8840 section 9): only a= and m= lines, none required.
tl::expected<Description, Error> parse_fragment(std::string_view text);

}  // namespace penstock::control::sdp

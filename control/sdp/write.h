#pragma once
// A description to SDP text.

#include <string>

#include "control/sdp/description.h"

namespace penstock::control::sdp {

/// Lines in the order of RFC 8866 section 5, ended by CRLF. Values are written as they are: none may hold a line end.
std::string write(const Description& description);

/// Only a= and m= lines, as parse_fragment() reads them.
std::string write_fragment(const Description& description);

}  // namespace penstock::control::sdp

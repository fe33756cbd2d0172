#pragma once
// Pages of other origins may use WHIP and WHEP (the Fetch standard's CORS protocol). Private to the folder.

#include <string>

#include "control/http/router.h"

namespace penstock::control::whip {

/// Adds to every answer, errors included, what lets a page of `allowed_origin` read it, and to those of OPTIONS what a
/// preflight asks.
http::Middleware cors(std::string allowed_origin);

}  // namespace penstock::control::whip

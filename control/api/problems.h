#pragma once
// Refusals of the model and of bodies, as RFC 9457 problem details.

#include "control/api/json.h"
#include "control/http/problem.h"
#include "control/rooms/error.h"

namespace penstock::control::api {

http::Problem problem_of(const Fault& fault);
/// `type` is "urn:penstock:problem:" with the kind's name.
http::Problem problem_of(const rooms::Error& error);

}  // namespace penstock::control::api

#pragma once
// If-Match and If-None-Match (RFC 9110 section 13.1).

#include <string_view>
#include <tl/expected.hpp>

#include "control/api/json.h"
#include "control/http/message.h"
#include "control/rooms/change.h"

namespace penstock::control::api {

/// The entity tags of a field, without quotes; "*" is itself. Weak ones compare only where `weak`: without, they match
/// nothing.
tl::expected<std::vector<std::string>, Fault> entity_tags(std::string_view field, bool weak);

/// Of a request that changes something.
tl::expected<rooms::Precondition, Fault> precondition_of(const http::Request& request);

/// `response` with the ETag; or a 304 without its body, when a GET or HEAD says that the client has it already.
http::Response with_entity_tag(const http::Request& request, http::Response response, std::string_view etag);

}  // namespace penstock::control::api

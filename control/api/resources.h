#pragma once
// The resources of the model: their paths, what can be done to them, and the change that comes of it. One table for
// single requests and batches alike.

#include <array>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "control/api/json.h"
#include "control/http/message.h"
#include "control/rooms/change.h"

namespace penstock::control::api {

enum class Resource : std::uint8_t { room, lease, endpoint, track, key_frame, subscription };

struct Operation {
  Resource resource;
  std::string_view method;
};

/// Everything that changes the model.
inline constexpr std::array<Operation, 12> kOperations{{
    {Resource::room, "PUT"},
    {Resource::room, "DELETE"},
    {Resource::lease, "POST"},
    {Resource::endpoint, "PUT"},
    {Resource::endpoint, "PATCH"},
    {Resource::endpoint, "DELETE"},
    {Resource::track, "PUT"},
    {Resource::track, "DELETE"},
    {Resource::key_frame, "POST"},
    {Resource::subscription, "PUT"},
    {Resource::subscription, "PATCH"},
    {Resource::subscription, "DELETE"},
}};

/// "/v1/rooms/{room}", ...
std::string_view pattern_of(Resource resource);
/// PUT and PATCH have a body, the others none.
bool takes_body(std::string_view method);

/// `parameters`: of the resource's pattern. `body`: null where there is none. `pointer`: where the body is, for faults.
tl::expected<rooms::Change, Fault> change_of(const Operation& operation, const http::PathParameters& parameters,
                                             const Json& body, const std::string& pointer);

/// The operation that a method and path of a batch name, and the parameters in the path. A 404 or 405 when there is
/// none.
struct Match {
  Operation operation;
  http::PathParameters parameters;
};
tl::expected<Match, Fault> match_operation(std::string_view method, std::string_view path);

}  // namespace penstock::control::api

#pragma once
// From JSON to what the model is asked for. The form is checked here (types, ranges, unknown members); what the values
// mean is checked by the model.

#include <tl/expected.hpp>

#include "control/api/json.h"
#include "control/rooms/spec.h"

namespace penstock::control::api {

// `pointer`: where `json` is in the body, for faults.
tl::expected<rooms::RoomSpec, Fault> room_spec(const Json& json, const std::string& pointer);
tl::expected<rooms::EndpointSpec, Fault> endpoint_spec(const Json& json, const std::string& pointer);
tl::expected<rooms::EndpointPatch, Fault> endpoint_patch(const Json& json, const std::string& pointer);
tl::expected<rooms::TrackSpec, Fault> track_spec(const Json& json, const std::string& pointer);
tl::expected<rooms::SubscriptionSpec, Fault> subscription_spec(const Json& json, const std::string& pointer);
tl::expected<rooms::SubscriptionPatch, Fault> subscription_patch(const Json& json, const std::string& pointer);

}  // namespace penstock::control::api

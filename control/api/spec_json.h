#pragma once
// The members of a description that PUT took, again as JSON. Private to control/api.

#include "control/api/json.h"
#include "control/rooms/spec.h"

namespace penstock::control::api {

void add_spec(Json& json, const rooms::RoomSpec& spec);
void add_spec(Json& json, const rooms::EndpointSpec& spec);
void add_spec(Json& json, const rooms::TrackSpec& spec);
void add_spec(Json& json, const rooms::SubscriptionSpec& spec);
Json to_json(const std::vector<dtls::Fingerprint>& fingerprints);

}  // namespace penstock::control::api

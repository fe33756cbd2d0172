#pragma once
// What GET shows of the model, as JSON: the members that PUT takes at the top, what Penstock chose under "local", and
// what the worker reports at this moment under "state".

#include "control/api/json.h"
#include "control/rooms/change.h"
#include "control/rooms/event.h"
#include "control/rooms/statistics.h"
#include "control/rooms/view.h"

namespace penstock::control::api {

Json to_json(const rooms::RoomView& view);
Json to_json(const rooms::EndpointView& view);
Json to_json(const rooms::TrackView& view);
Json to_json(const rooms::SubscriptionView& view);

/// Of one object, without what was asked for: for statistics.
Json state_json(const rooms::EndpointView& view);
Json state_json(const rooms::TrackView& view);
Json state_json(const rooms::SubscriptionView& view);

Json to_json(const rooms::Event& event);
Json to_json(const rooms::Statistics& statistics);
Json to_json(const rooms::RoomStatistics& line);

/// "" for what is gone.
std::string entity_tag(const rooms::Outcome& outcome);
/// null for what is gone.
Json to_json(const rooms::Outcome& outcome);

}  // namespace penstock::control::api

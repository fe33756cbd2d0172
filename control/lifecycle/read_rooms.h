#pragma once
// Rooms as metrics see them.

#include "control/dtls/handshakes.h"
#include "control/lifecycle/http_front.h"
#include "control/metrics/sources.h"
#include "control/rooms/rooms.h"

namespace penstock::control {

/// `front`: nullptr while there is none.
RoomsState read_rooms(const rooms::Rooms& rooms, const dtls::Handshakes& handshakes, const HttpFront* front);

}  // namespace penstock::control

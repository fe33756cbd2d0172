#pragma once
#include <string>

#include "control/rooms/state.h"

namespace penstock::control::rooms {

/// The model as text, see Rooms::digest().
std::string digest_of(const State& state);

}  // namespace penstock::control::rooms

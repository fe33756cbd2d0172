#pragma once
// The success answer to Allocate, from what the allocation remembers: the first time and for every retransmission.

#include <cstdint>

#include "turn/answer.h"

namespace penstock::turn {

/// False when there was no packet for it.
bool answer_allocate(Core& core, std::uint32_t allocation, const AnswerTo& to, const Authentication& authentication);

}  // namespace penstock::turn

#pragma once
// Allocate, second half: the user's quota, everybody's quota, a reservation; each may be another worker's to decide.

#include <cstdint>

#include "turn/core.h"
#include "turn/requests.h"

namespace penstock::turn {

/// Takes a good request through all stages, or as far as it goes without another worker's word.
Handled admit_allocate(Core& core, const AllocateRequest& wish, const Request& request);

/// Asks this worker's reservations for a port: the answer to another worker, or to an Allocate of its own.
ReservationAnswer claim_reservation(Core& core, const ReservationAsk& ask);

/// Words from other workers. Those for an Allocate that does not wait (any more) undo what they granted.
void on_reserve_answer(Core& core, const ReserveAnswer& answer);
void on_reservation_answer(Core& core, const ReservationAnswer& answer);

/// Tries again what a full mailbox held up; true when some is still held up.
bool run_held_up_allocates(Core& core);

}  // namespace penstock::turn

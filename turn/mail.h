#pragma once
// Messages from control and other workers.

#include "turn/core.h"
#include "turn/messages.h"

namespace penstock::turn {

/// Everything but new_settings, which the adapter acknowledges and passes to use_settings().
void handle_mail(Core& core, const engine::Message& message);

}  // namespace penstock::turn

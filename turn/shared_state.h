#pragma once
// The little that the TURN services of all workers share. Made before the first, outlives the last.

#include "turn/guard/nonce.h"
#include "turn/relay_directory.h"
#include "turn/settings.h"

namespace penstock::turn {

struct SharedState {
  /// Draws the nonce secret.
  explicit SharedState(const FixedSettings& fixed);

  RelayDirectory directory;
  NonceSecret nonce_secret{};  ///< a client whose packets move to another worker keeps its nonce
};

}  // namespace penstock::turn

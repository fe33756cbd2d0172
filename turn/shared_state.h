#pragma once
// The little that the TURN services of all workers share. Made before the first, outlives the last.

#include <cstdint>
#include <optional>

#include "turn/guard/nonce.h"
#include "turn/random.h"
#include "turn/relay_directory.h"
#include "turn/settings.h"

namespace penstock::turn {

struct SharedState {
  /// Draws the nonce secret. With a `seed` every random choice of the service can be repeated, and be guessed: for
  /// tests and fuzz targets alone.
  explicit SharedState(const FixedSettings& fixed, std::optional<std::uint64_t> seed = {});

  /// The generator that a worker starts with.
  Random random(std::uint16_t worker) const;

  RelayDirectory directory;
  NonceSecret nonce_secret{};  ///< a client whose packets move to another worker keeps its nonce
  std::optional<std::uint64_t> seed;
};

}  // namespace penstock::turn

#pragma once
// The way to the workers, as the model sees it.

#include <cstdint>

#include "dataplane/sfu/update.h"

namespace penstock::control::rooms {

class UpdateSink {
 public:
  virtual ~UpdateSink() = default;

  /// Updates of one worker arrive in the order of the calls and are never lost. `update` stays valid and unchanged
  /// until applied(worker) has reached its number.
  virtual void post(std::uint16_t worker, const sfu::Update* update) = 0;
  /// The number of the last update that the worker has applied; 0: none yet.
  virtual std::uint64_t applied(std::uint16_t worker) const = 0;
};

}  // namespace penstock::control::rooms

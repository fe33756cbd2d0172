#pragma once
// Control's updates, applied to the worker's tables. Nothing here can fail (DESIGN.md, decision 7).

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/sfu/core.h"
#include "dataplane/sfu/update.h"
#include "dataplane/sfu/work.h"

namespace penstock::sfu {

/// Updates that wait, in order: a room of thousands that ends, or a process that is programmed anew, takes many passes,
/// between which media flows.
class UpdateQueue {
 public:
  /// What one pass spends on updates: some 50 us.
  static constexpr int kUnitsPerPass = 512;

  void add(const Update* update);
  /// Goes on where the last step ended, operation by operation, until the work is spent; a long operation may take
  /// several steps. True when updates are left.
  bool step(Core& core, Work work);

  /// The last update that was applied whole; the worker looks at it and at earlier ones no more. Any thread.
  std::uint64_t applied() const { return applied_.load(std::memory_order_acquire); }

 private:
  const Update* first_ = nullptr;
  const Update* last_ = nullptr;
  std::size_t next_operation_ = 0;  ///< of the first
  std::atomic<std::uint64_t> applied_{0};
};

}  // namespace penstock::sfu

#pragma once
// The thread that polls a link.

#include <rte_lcore.h>

#include <future>
#include <optional>
#include <string>
#include <thread>
#include <tl/expected.hpp>

#include "bench/load/turn/server_process.h"

namespace penstock::frames {

/// Runs `work` on a thread of its own: pinned, and registered with DPDK, so that it has caches of packets. `work`
/// returns a tl::expected with a std::string as error.
template <class Work>
auto on_polling_thread(const std::optional<unsigned>& cpu, Work work) -> decltype(work()) {
  std::packaged_task<decltype(work())()> task([&]() -> decltype(work()) {
    if (cpu) {
      if (auto pinned = load::pin_to_cpu(*cpu); !pinned) return tl::unexpected(pinned.error());
    }
    if (rte_thread_register() != 0) return tl::unexpected(std::string("cannot register a thread with DPDK"));
    auto result = work();
    rte_thread_unregister();
    return result;
  });
  auto result = task.get_future();
  std::thread thread(std::move(task));
  thread.join();
  return result.get();
}

}  // namespace penstock::frames

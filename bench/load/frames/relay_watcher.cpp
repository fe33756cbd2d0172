#include "bench/load/frames/relay_watcher.h"

#include <rte_cycles.h>

#include <chrono>
#include <thread>
#include <utility>

namespace penstock::frames {
namespace {

using namespace std::chrono_literals;
using Result = tl::expected<ServerResult, std::string>;

Result watch(const std::string& url, double duration_s) {
  const auto before = read_relay_counters(url);
  if (!before) return tl::unexpected(before.error());
  std::this_thread::sleep_for(std::chrono::duration<double>(0.9 * duration_s));
  const auto after = read_relay_counters(url);
  if (!after) return tl::unexpected(after.error());
  return ServerResult{*after - *before, static_cast<double>(rte_get_tsc_hz())};
}

}  // namespace

RelayWatcher::RelayWatcher(std::string url, double duration_s, std::function<bool()> measuring)
    : result_(std::async(std::launch::async,
                         [this, url = std::move(url), duration_s, measuring = std::move(measuring)]() -> Result {
                           while (!measuring()) {
                             if (in_vain_) return tl::unexpected(std::string("nothing was measured"));
                             std::this_thread::sleep_for(1ms);
                           }
                           return watch(url, duration_s);
                         })) {}

RelayWatcher::~RelayWatcher() {
  in_vain_ = true;
}

}  // namespace penstock::frames

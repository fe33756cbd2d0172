#include "control/log/line_limiter.h"

namespace penstock::control {

std::optional<std::uint64_t> LineLimiter::admit(std::string_view kind, Time now) {
  auto found = windows_.find(kind);
  if (found == windows_.end()) {
    const std::string_view key = windows_.size() < kMaxKinds ? kind : "other";
    found = windows_.try_emplace(std::string(key), Window{now}).first;
  }
  Window& window = found->second;
  if (now - window.start >= kWindow) {
    window.start = now;
    window.lines = 0;
  }
  if (window.lines >= limit_) {
    ++window.suppressed;
    return std::nullopt;
  }
  ++window.lines;
  return std::exchange(window.suppressed, 0);
}

std::vector<std::pair<std::string, std::uint64_t>> LineLimiter::take_suppressed(Time now) {
  std::vector<std::pair<std::string, std::uint64_t>> taken;
  for (auto& [kind, window] : windows_) {
    if (window.suppressed > 0 && now - window.start >= kWindow) {
      taken.emplace_back(kind, std::exchange(window.suppressed, 0));
    }
  }
  return taken;
}

}  // namespace penstock::control

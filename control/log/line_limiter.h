#pragma once
// So many lines of each kind per minute; the rest are counted. A flood of packets must not become a flood of lines.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::control {

class LineLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit LineLimiter(std::uint32_t lines_per_minute) : limit_(lines_per_minute) {}
  void set_limit(std::uint32_t lines_per_minute) { limit_ = lines_per_minute; }

  /// How many lines of this kind were left out since the last one that was let through; nothing: leave this one out
  /// too.
  std::optional<std::uint64_t> admit(std::string_view kind, Time now);

  /// Kinds whose minute is over with lines left out and none behind to say so. Each is reported once.
  std::vector<std::pair<std::string, std::uint64_t>> take_suppressed(Time now);

 private:
  static constexpr std::chrono::minutes kWindow{1};
  // Kinds come from the code, so there are few; should one ever be made from input, this keeps the map bounded.
  static constexpr std::size_t kMaxKinds = 256;

  struct Window {
    Time start;
    std::uint32_t lines = 0;
    std::uint64_t suppressed = 0;
  };

  std::uint32_t limit_;
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace penstock::control

#pragma once
// What systemd is told (sd_notify); nothing when it did not start us.

#include <chrono>
#include <optional>
#include <string>

namespace penstock::control {

class ServiceManager {
 public:
  void ready(const std::string& status);
  void status(const std::string& status);
  void reloading();
  void stopping();
  /// We are alive.
  void feed_watchdog();
  /// How often it wants to be fed; nothing when it does not watch.
  std::optional<std::chrono::microseconds> watchdog_period() const;
};

}  // namespace penstock::control

#include "control/lifecycle/service_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace penstock::control {

void ServiceManager::ready(const std::string& status) {
  sd_notify(0, fmt::format("READY=1\nSTATUS={}", status).c_str());
}

void ServiceManager::status(const std::string& status) {
  sd_notify(0, fmt::format("STATUS={}", status).c_str());
}

// MONOTONIC_USEC is what Type=notify-reload compares the following READY=1 with.
void ServiceManager::reloading() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                           std::chrono::duration_cast<std::chrono::microseconds>(now).count())
                   .c_str());
}

void ServiceManager::stopping() {
  sd_notify(0, "STOPPING=1\nSTATUS=draining");
}

void ServiceManager::feed_watchdog() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceManager::watchdog_period() const {
  std::uint64_t period_us = 0;
  if (sd_watchdog_enabled(0, &period_us) <= 0) return std::nullopt;
  return std::chrono::microseconds(period_us);
}

}  // namespace penstock::control

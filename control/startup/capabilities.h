#pragma once
// What this process may do beyond an ordinary user.

#include <cstdint>
#include <fstream>
#include <string>

namespace penstock::control {

/// A bit per CAP_...: the line "CapEff:" of /proc/self/status, a mask in hexadecimal.
inline std::uint64_t effective_capabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "CapEff:") {
      std::uint64_t mask = 0;
      status >> std::hex >> mask;
      return mask;
    }
  }
  return 0;
}

}  // namespace penstock::control

#include "bench/load/allocations/process_memory.h"

#include <fstream>
#include <string>

namespace penstock::load {

std::uint64_t occupied_bytes() {
  std::ifstream status("/proc/self/status");
  std::uint64_t kib = 0;
  for (std::string key; status >> key;) {
    std::uint64_t value = 0;
    if ((key == "VmRSS:" || key == "HugetlbPages:") && status >> value) kib += value;
  }
  return kib << 10;
}

}  // namespace penstock::load

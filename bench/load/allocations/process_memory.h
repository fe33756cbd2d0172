#pragma once
// What the kernel says this process occupies.

#include <cstdint>

namespace penstock::load {

/// VmRSS plus HugetlbPages of /proc/self/status, in bytes.
std::uint64_t occupied_bytes();

}  // namespace penstock::load

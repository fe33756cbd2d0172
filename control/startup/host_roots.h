#pragma once
// Where the kernel tells about the host.

#include <filesystem>

namespace penstock::control {

/// Tests put trees of their own here.
struct HostRoots {
  std::filesystem::path sys = "/sys";
  std::filesystem::path proc = "/proc";
};

}  // namespace penstock::control

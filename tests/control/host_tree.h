#pragma once
// A host's /sys and /proc as a test wants them.

#include <filesystem>
#include <fstream>
#include <string>

#include "control/startup/host_roots.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control {

class HostTree {
 public:
  HostRoots roots() const { return {files_.path("sys"), files_.path("proc")}; }

  /// `path` begins with "sys/" or "proc/".
  void file(const std::string& path, const std::string& text) const {
    make_parent(path);
    files_.write(path, text);
  }
  void directory(const std::string& path) const { std::filesystem::create_directories(files_.path(path)); }
  void link(const std::string& path, const std::string& to) const {
    make_parent(path);
    std::filesystem::create_symlink(to, files_.path(path));
  }

  /// A NIC, its driver ("" for none), and its place in an IOMMU group (-1 for none).
  void nic(const std::string& address, const std::string& driver, int group = -1) const {
    const std::string device = "sys/bus/pci/devices/" + address;
    directory(device);
    if (!driver.empty()) link(device + "/driver", "../../../bus/pci/drivers/" + driver);
    if (group < 0) return;
    const std::string members = "sys/kernel/iommu_groups/" + std::to_string(group);
    link(device + "/iommu_group", files_.path(members));
    link(members + "/devices/" + address, files_.path(device));
  }

 private:
  void make_parent(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(files_.path(path)).parent_path());
  }
  TemporaryDirectory files_;
};

}  // namespace penstock::control

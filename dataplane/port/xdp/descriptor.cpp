#include "dataplane/port/xdp/descriptor.h"

#include <dirent.h>
#include <fcntl.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace penstock::port {

Descriptor Descriptor::duplicate(int fd) {
  return Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

void visit_own_descriptors(const std::function<bool(int fd, std::string_view kind)>& visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory.get())) {
    int fd = -1;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, fd).ptr != end) continue;  // "." and ".."
    std::array<char, 64> kind{};
    const ssize_t size = readlinkat(dirfd(directory.get()), entry->d_name, kind.data(), kind.size());
    if (size > 0 && visit(fd, {kind.data(), static_cast<std::size_t>(size)})) return;
  }
}

}  // namespace penstock::port

#include "dataplane/port/xdp/program_info.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>

namespace penstock::port {
namespace {

template <class Info>
bool describe(int fd, Info& info) {
  std::uint32_t size = sizeof info;
  return bpf_obj_get_info_by_fd(fd, &info, &size) == 0;
}

}  // namespace

std::optional<ProgramInfo> program_info(int fd) {
  std::array<std::uint32_t, 64> ids{};
  bpf_prog_info info{};
  info.map_ids = reinterpret_cast<std::uint64_t>(ids.data());
  info.nr_map_ids = ids.size();
  if (!describe(fd, info)) return std::nullopt;
  const std::size_t maps = std::min<std::size_t>(info.nr_map_ids, ids.size());
  return ProgramInfo{info.name, {ids.begin(), ids.begin() + maps}};
}

Descriptor own_program(std::uint32_t id) {
  Descriptor found;
  visit_own_descriptors([&](int fd, std::string_view kind) {
    bpf_prog_info info{};
    if (kind != "anon_inode:bpf-prog" || !describe(fd, info) || info.id != id) return false;
    found = Descriptor::duplicate(fd);
    return true;
  });
  return found;
}

Descriptor own_map(const std::vector<std::uint32_t>& ids, std::string_view name) {
  Descriptor found;
  visit_own_descriptors([&](int fd, std::string_view kind) {
    bpf_map_info info{};
    if (kind != "anon_inode:bpf-map" || !describe(fd, info) || info.name != name) return false;
    if (std::find(ids.begin(), ids.end(), info.id) == ids.end()) return false;
    found = Descriptor::duplicate(fd);
    return true;
  });
  return found;
}

}  // namespace penstock::port

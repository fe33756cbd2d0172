#pragma once
// Programs and maps that this process has loaded, found again by their ids. DPDK's driver loads ours and keeps the
// descriptors to itself. Opening by id takes CAP_SYS_ADMIN, finding one's own descriptors nothing at all.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/port/xdp/descriptor.h"

namespace penstock::port {

inline constexpr std::string_view kSteerProgramName = "penstock_steer";

struct ProgramInfo {
  std::string name;
  std::vector<std::uint32_t> map_ids;
};

/// What the kernel tells about a program; nothing when `fd` is none.
std::optional<ProgramInfo> program_info(int fd);

/// A descriptor of its own for a program that this process holds.
Descriptor own_program(std::uint32_t id);
/// The same for the map called `name` among `ids`.
Descriptor own_map(const std::vector<std::uint32_t>& ids, std::string_view name);

}  // namespace penstock::port

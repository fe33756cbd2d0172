#pragma once
// Each worker's part of the relayed ports: where it looks for a free one first, and what NIC rules steer by.

#include <algorithm>
#include <cstdint>

namespace penstock::turn {

/// Ports from begin up to, but without, end.
struct PortSlice {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// The slice of `worker`, one of `workers`, of the ports from port_min to port_max. Slices meet at even ports, so no
/// pair (EVEN-PORT) lies across two of them.
constexpr PortSlice slice_of(std::uint32_t port_min, std::uint32_t port_max, std::uint32_t worker,
                             std::uint32_t workers) {
  const std::uint32_t end = port_max + 1;
  const auto edge = [&](std::uint64_t k) {
    if (k == 0) return port_min;
    if (k == workers) return end;
    const auto cut = port_min + static_cast<std::uint32_t>((end - port_min) * k / workers);
    return std::min(end, (cut + 1) & ~1U);
  };
  return {edge(worker), edge(worker + std::uint64_t{1})};
}

}  // namespace penstock::turn

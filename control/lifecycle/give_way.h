#pragma once
// The workers come first: everything else of the process gets what they leave.

#include <cstdint>
#include <span>

namespace penstock::control {

/// For the calling thread and those that it starts from now on: CPUs that no worker has, where the process may use any,
/// and in any case a lower priority than the workers', so that a flood of API requests or handshakes does not hold up
/// media where they share a CPU. Call when the workers have started: their threads are not to inherit this.
void give_way_to_workers(std::span<const std::uint32_t> worker_cores, std::span<const std::uint32_t> allowed_cores);

}  // namespace penstock::control

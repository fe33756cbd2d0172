#pragma once
// CPU time of the relay's threads, by name, as the kernel counts it.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace penstock::load::sfu {

/// What each thread of a process has used, nanoseconds, by its name ("worker-0", "handshakes"): those of equal name
/// together. Threads that ended are left out.
std::map<std::string, std::uint64_t> thread_cpu_ns(pid_t pid);

/// Of those whose name begins so.
std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& threads, const std::string& prefix);

}  // namespace penstock::load::sfu

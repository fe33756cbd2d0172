#include "bench/load/turn/server_process.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unordered_set>

namespace penstock::load {
namespace {

/// The number in a "Name:  123" line of a status file of /proc.
std::uint64_t status_number(const std::string& file, std::string_view name) {
  std::ifstream status(file);
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(name)) continue;
    return std::strtoull(line.c_str() + name.size(), nullptr, 10);
  }
  return 0;
}

/// Sizes there are in kB.
std::uint64_t status_bytes(pid_t pid, std::string_view name) {
  return status_number(fmt::format("/proc/{}/status", pid), name) * 1024;
}

/// Inodes of its open sockets: descriptors are links to "socket:[123]".
std::unordered_set<std::uint64_t> socket_inodes(pid_t pid) {
  constexpr std::string_view kPrefix = "socket:[";
  std::unordered_set<std::uint64_t> inodes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (error || !target.starts_with(kPrefix)) continue;
    inodes.insert(std::strtoull(target.c_str() + kPrefix.size(), nullptr, 10));
  }
  return inodes;
}

/// The `drops` column (the last) of the rows of /proc/PID/net/udp whose inode (the tenth column) is in the set.
std::uint64_t drops_of(const std::string& table, const std::unordered_set<std::uint64_t>& inodes) {
  std::ifstream rows(table);
  std::string line;
  std::getline(rows, line);
  std::uint64_t drops = 0;
  while (std::getline(rows, line)) {
    std::istringstream fields(line);
    std::string field;
    std::uint64_t inode = 0;
    for (int column = 0; fields >> field; ++column) {
      if (column == 9) inode = std::strtoull(field.c_str(), nullptr, 10);
    }
    if (inodes.contains(inode)) drops += std::strtoull(field.c_str(), nullptr, 10);
  }
  return drops;
}

}  // namespace

tl::expected<ServerProcess, std::string> ServerProcess::attach(pid_t pid) {
  clockid_t clock{};
  if (const int error = clock_getcpuclockid(pid, &clock); error != 0) {
    return tl::unexpected(fmt::format("--server-pid {}: {}", pid, std::strerror(error)));
  }
  return ServerProcess(pid, clock);
}

std::uint64_t ServerProcess::cpu_ns() const {
  timespec used{};
  clock_gettime(clock_, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(used.tv_nsec);
}

std::uint64_t ServerProcess::resident_bytes() const {
  return status_bytes(pid_, "VmRSS:");
}

std::uint64_t ServerProcess::anonymous_bytes() const {
  return status_bytes(pid_, "RssAnon:");
}

std::uint64_t ServerProcess::receive_drops() const {
  const auto inodes = socket_inodes(pid_);
  return drops_of(fmt::format("/proc/{}/net/udp", pid_), inodes) +
         drops_of(fmt::format("/proc/{}/net/udp6", pid_), inodes);
}

std::uint64_t ServerProcess::sleeps() const {
  std::error_code error;
  std::uint64_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_), error)) {
    count += status_number(task.path().string() + "/status", "voluntary_ctxt_switches:");
  }
  return count;
}

std::uint64_t ServerProcess::descriptors() const {
  std::error_code error;
  std::uint64_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid_), error)) {
    ++count;
  }
  return count;
}

tl::expected<void, std::string> pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set); error != 0) {
    return tl::unexpected(fmt::format("--cpu {}: {}", cpu, std::strerror(error)));
  }
  return {};
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace penstock::load

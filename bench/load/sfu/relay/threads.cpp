#include "bench/load/sfu/relay/threads.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace penstock::load::sfu {

std::map<std::string, std::uint64_t> thread_cpu_ns(pid_t pid) {
  std::map<std::string, std::uint64_t> threads;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    std::uint64_t used_ns = 0;
    std::ifstream(task.path() / "schedstat") >> used_ns;
    threads[name] += used_ns;
  }
  return threads;
}

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& threads, const std::string& prefix) {
  std::uint64_t sum = 0;
  for (const auto& [name, used_ns] : threads) sum += name.starts_with(prefix) ? used_ns : 0;
  return sum;
}

}  // namespace penstock::load::sfu

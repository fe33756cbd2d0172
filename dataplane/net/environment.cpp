#include "dataplane/net/environment.h"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>

#include <mutex>

namespace penstock::net {
namespace {

using Result = tl::expected<void, std::string>;

std::string allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string list;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return "0";
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  }
  return list;
}

std::vector<std::string> words_of(const EnvironmentOptions& options) {
  // One lcore that floats over all allowed cores: rte_eal_init would otherwise pin its caller.
  std::vector<std::string> words = {"penstock",
                                    "--no-telemetry",
                                    "--log-level=4",
                                    "--lcores=0@(" + allowed_cpus() + ")",
                                    "-m",
                                    std::to_string(options.memory_mb)};
  // In memory: nothing is left in hugetlbfs when the process dies, and no mount is needed.
  if (options.huge_pages) {
    words.emplace_back("--in-memory");
  } else {
    words.insert(words.end(), {"--no-huge", "--no-shconf"});
  }
  if (options.pci_devices.empty()) words.emplace_back("--no-pci");
  for (const std::string& device : options.pci_devices) words.insert(words.end(), {"-a", device});
  return words;
}

Result initialise(const EnvironmentOptions& options) {
  std::vector<std::string> words = words_of(options);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0) return {};
  const char* fix = options.huge_pages
                        ? "are that many huge pages free (grep Huge /proc/meminfo), and may this process use them?"
                        : "is that much memory free?";
  return tl::unexpected(fmt::format("cannot start DPDK's environment with {} MB of {}: {}; {}", options.memory_mb,
                                    options.huge_pages ? "huge pages" : "memory", rte_strerror(rte_errno), fix));
}

}  // namespace

Result start_environment(const EnvironmentOptions& options) {
  static std::once_flag once;
  static Result result;
  std::call_once(once, [&] { result = initialise(options); });
  return result;
}

Result start_environment(unsigned memory_mb) {
  return start_environment(EnvironmentOptions{.memory_mb = memory_mb});
}

}  // namespace penstock::net

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "control/metrics/families.h"

namespace penstock::control {
namespace {

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double virtual_pages = 0;
  double resident_pages = 0;
  statm >> virtual_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// The kernel counts them as the size of the directory (since Linux 6.2). Before that it says 0, and they go untold:
// with a hundred thousand relayed ports, reading the directory would take longer than the rest of a scrape.
double open_descriptors() {
  struct stat facts{};
  return stat("/proc/self/fd", &facts) == 0 ? static_cast<double>(facts.st_size) : 0;
}

}  // namespace

void add_process_families(Families& families) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  families.family("process_cpu_seconds_total", MetricKind::counter, "CPU time used, user and system.");
  families.add(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  families.family("process_resident_memory_bytes", MetricKind::gauge, "Resident memory.");
  families.add(resident_bytes());
  if (const double open = open_descriptors(); open > 0) {
    families.family("process_open_fds", MetricKind::gauge, "Open descriptors.");
    families.add(open);
  }
  families.family("process_max_fds", MetricKind::gauge, "Most descriptors this process may open.");
  families.add(static_cast<double>(files.rlim_cur));
}

}  // namespace penstock::control

#pragma once
// What a run costs its server, read from outside: CPU time, resident memory, packets dropped at its sockets.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace penstock::load {

/// Another process on this machine, looked at through its CPU clock and /proc. Fit for any server.
class ServerProcess {
 public:
  /// The error says that there is no such process.
  static tl::expected<ServerProcess, std::string> attach(pid_t pid);

  /// CPU time of all its threads, ended ones included, in nanoseconds. The kernel's work on its behalf counts: system
  /// calls, and on loopback the delivery of what it sends, up to the receiver's queue.
  std::uint64_t cpu_ns() const;
  /// VmRSS: resident memory, shared pages included.
  std::uint64_t resident_bytes() const;
  /// RssAnon: what it allocated itself and has touched.
  std::uint64_t anonymous_bytes() const;
  /// Sum over its open UDP sockets of datagrams dropped for want of room in the receive queue. Takes a walk over its
  /// descriptors, so not to be called under load.
  std::uint64_t receive_drops() const;
  /// How often its threads went to sleep of their own accord (ended threads aside). A saturated server hardly does.
  std::uint64_t sleeps() const;
  /// Open descriptors.
  std::uint64_t descriptors() const;

 private:
  ServerProcess(pid_t pid, clockid_t clock) : pid_(pid), clock_(clock) {}

  pid_t pid_;
  clockid_t clock_;
};

/// What an interval cost the server.
struct ServerCost {
  std::uint64_t cpu_ns = 0;
  std::uint64_t sleeps = 0;
  std::uint64_t receive_drops = 0;  ///< at all its sockets; taken outside the interval, see receive_drops()
};

/// CPU time and sleeps since the process began. The clock is read last, so that the walk through /proc stays outside.
inline ServerCost cost_so_far(const ServerProcess& server) {
  ServerCost cost;
  cost.sleeps = server.sleeps();
  cost.cpu_ns = server.cpu_ns();
  return cost;
}
/// The same since `before`; here the clock is read first.
inline ServerCost cost_since(const ServerCost& before, const ServerProcess& server) {
  ServerCost cost;
  cost.cpu_ns = server.cpu_ns() - before.cpu_ns;
  cost.sleeps = server.sleeps() - before.sleeps;
  return cost;
}

/// Pins the calling thread.
tl::expected<void, std::string> pin_to_cpu(unsigned cpu);
/// As many descriptors as the hard limit allows.
void raise_descriptor_limit();

}  // namespace penstock::load

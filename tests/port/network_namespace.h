#pragma once
// A network of the test's own: its process moves into a new network namespace, and a far host is another one.

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

namespace penstock::port {

/// Runs a shell command in the test's namespace; true when it succeeded.
inline bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

/// Moves the process's main thread, and threads it makes later, into a fresh network namespace. False without
/// privileges.
inline bool enter_new_network() {
  return unshare(CLONE_NEWNET) == 0 && run("ip link set lo up");
}

/// Waits up to `timeout` for something to become true.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// Another host: a process that does nothing in a network namespace of its own. Gone with this object, or after five
/// minutes.
class FarHost {
 public:
  FarHost() {
    std::string words[] = {"unshare", "--net", "sleep", "300"};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    if (posix_spawnp(&pid_, "unshare", nullptr, nullptr, argv, environ) != 0) pid_ = -1;
    const std::string own = link_of("self");
    EXPECT_TRUE(
        eventually([&] { return !link_of(std::to_string(pid_)).empty() && link_of(std::to_string(pid_)) != own; }));
    EXPECT_TRUE(run("ip link set lo up"));
  }
  ~FarHost() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  FarHost(const FarHost&) = delete;
  FarHost& operator=(const FarHost&) = delete;

  bool run(const std::string& command) const {
    return port::run(fmt::format("nsenter -t {} -n sh -c '{}'", pid_, command));
  }
  /// A veth pair: `near` here, `far` there; both up.
  bool connect(const std::string& near, const std::string& far) const {
    return port::run(fmt::format("ip link add {} type veth peer name {} netns {}", near, far, pid_)) &&
           port::run("ip link set " + near + " up") && run("ip link set " + far + " up");
  }

 private:
  static std::string link_of(const std::string& pid) {
    char target[64] = {};
    const ssize_t size = readlink(("/proc/" + pid + "/ns/net").c_str(), target, sizeof target - 1);
    return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
  }

  pid_t pid_ = -1;
};

}  // namespace penstock::port

#pragma once
// What the thread "kernel-mirror" does: notices of the kernel in, workers' requests in, frames of taps both ways.

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/port/kernel/exception_path.h"
#include "dataplane/port/kernel/forwarding_state.h"
#include "dataplane/port/kernel/link_model.h"
#include "dataplane/port/kernel/mirror_counters.h"
#include "dataplane/port/kernel/netlink_socket.h"
#include "dataplane/port/kernel/resolver.h"
#include "dataplane/port/kernel/route_follower.h"

namespace penstock::port {

/// Built and read for the first time by the creator; from run() on the thread's own, but for what says otherwise.
class MirrorLoop {
 public:
  MirrorLoop(NetlinkSocket requests, NetlinkSocket notices, std::function<void()> wake_workers);

  void add_device(std::uint16_t device, const std::string& name, unsigned ifindex);
  void add_tap(std::uint16_t device, Tap tap, unsigned workers);
  /// The first reading; an error is a sentence.
  tl::expected<void, std::string> start();

  /// Until stop().
  void run();
  /// From any thread.
  void stop();

  ForwardingState& state() { return state_; }
  const MirrorCounters& counters() const { return counters_; }
  ExceptionPath* exception_path(std::uint16_t device);
  /// From any thread.
  std::vector<InterfaceFacts> interfaces() const;
  std::vector<std::string> warnings() const;

 private:
  struct TapPath {
    std::uint16_t device;
    std::unique_ptr<ExceptionPath> path;
  };

  void sleep(bool busy);
  bool turn(std::uint64_t now_ms);
  void take_notices();
  void on_notice(const nlmsghdr& message);
  bool resync(std::uint64_t now_ms);
  void settle_links();
  void read_rules();
  bool move_frames();
  void tell_workers();
  void tick(std::uint64_t now_ms);

  ForwardingState state_;
  MirrorCounters counters_;
  NetlinkSocket requests_;
  NetlinkSocket notices_;
  LinkModel links_;
  Resolver resolver_;
  RouteFollower routes_;
  std::vector<TapPath> taps_;
  std::vector<pollfd> poll_;  ///< the waker, the notices, the taps
  std::function<void()> wake_workers_;

  bool links_changed_ = true;
  bool rules_changed_ = true;
  std::uint64_t next_resync_ms_ = 0;
  std::uint64_t next_tick_ms_ = 0;
  std::uint64_t told_generation_ = 0;
  std::uint64_t told_injected_ = 0;
  std::atomic<bool> stopping_{false};

  mutable std::mutex facts_mutex_;
  std::vector<InterfaceFacts> facts_;
  std::vector<std::string> link_warnings_, rule_warnings_;
};

}  // namespace penstock::port

#include "dataplane/port/kernel/kernel_mirror.h"

#include <fmt/format.h>
#include <net/if.h>
#include <pthread.h>

#include <array>
#include <csignal>
#include <utility>

#include "dataplane/port/kernel/mirror_loop.h"

namespace penstock::port {
namespace {

constexpr std::array<unsigned, 9> kGroups = {RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                             RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_NEIGH,
                                             RTNLGRP_IPV4_RULE,  RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP};

/// A thread of that name which leaves the process's signals to others.
std::thread start_thread(const char* name, std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace

tl::expected<std::unique_ptr<KernelMirror>, std::string> KernelMirror::create(std::vector<MirrorDevice> devices,
                                                                              unsigned workers,
                                                                              std::function<void()> wake_workers) {
  auto requests = NetlinkSocket::create();
  if (!requests) return tl::unexpected(requests.error());
  // Subscribed before the first reading, so that no change falls between the two.
  auto notices = NetlinkSocket::subscribe(kGroups);
  if (!notices) return tl::unexpected(notices.error());
  auto loop = std::make_unique<MirrorLoop>(std::move(*requests), std::move(*notices), std::move(wake_workers));
  for (MirrorDevice& device : devices) {
    const std::string name = device.tap ? device.tap->name() : device.interface;
    const unsigned ifindex = if_nametoindex(name.c_str());
    if (ifindex == 0) {
      return tl::unexpected(
          fmt::format("there is no network interface '{}' here: `ip link` lists those of this network "
                      "namespace",
                      name));
    }
    loop->add_device(device.device, name, ifindex);
    if (device.tap) loop->add_tap(device.device, std::move(*device.tap), workers);
  }
  if (auto started = loop->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<KernelMirror>(new KernelMirror(std::move(loop)));
}

KernelMirror::KernelMirror(std::unique_ptr<MirrorLoop> loop)
    : loop_(std::move(loop)), thread_(start_thread("kernel-mirror", [loop = loop_.get()] { loop->run(); })) {}

KernelMirror::~KernelMirror() {
  loop_->stop();
  thread_.join();
}

tl::expected<std::unique_ptr<ForwardingView>, std::string> KernelMirror::create_view() {
  return ForwardingView::create(loop_->state());
}

ExceptionPath* KernelMirror::exception_path(std::uint16_t device) {
  return loop_->exception_path(device);
}

const ExceptionPath* KernelMirror::exception_path(std::uint16_t device) const {
  return loop_->exception_path(device);
}

std::vector<InterfaceFacts> KernelMirror::interfaces() const {
  return loop_->interfaces();
}

std::vector<std::string> KernelMirror::warnings() const {
  return loop_->warnings();
}

const MirrorCounters& KernelMirror::counters() const {
  return loop_->counters();
}

}  // namespace penstock::port

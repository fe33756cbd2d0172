#include "dataplane/port/dpdk/rest.h"

#include <rte_ethdev.h>
#include <rte_pause.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

namespace penstock::port {
namespace {

constexpr std::uint32_t kInterrupt = 1;  // an event that is a receive interrupt

}  // namespace

Rest::Rest(DpdkHost& host, std::uint16_t worker)
    : waker_(host.handoff().waker(worker)),
      idle_(host.options().idle),
      longest_sleep_ns_(host.options().idle_sleep_us * std::uint64_t{1000}),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  prctl(PR_SET_TIMERSLACK, 1000);  // or the kernel adds 50 us to each sleep
  told_ = watch(waker_.fd(), false);
  for (const auto& device : host.devices()) {
    const auto workers = host.options().workers;
    for (std::uint16_t q = worker; q < device->rx_queues(); q = static_cast<std::uint16_t>(q + workers)) {
      const Device::Arrival& arrival = device->arrival(q);
      told_ &= watch(arrival.fd, arrival.armed);
      if (arrival.armed) queues_.push_back({device->id(), q});
    }
  }
  if (!told_) queues_.clear();
  if (told_ && queues_.empty()) longest_sleep_ns_ = UINT64_MAX;
}

bool Rest::watch(int fd, bool interrupt) {
  // Edge-triggered: nobody reads an interrupt's descriptor, which would stay readable for ever.
  epoll_event event{.events = interrupt ? EPOLLIN | EPOLLET : EPOLLIN, .data = {.u32 = interrupt ? kInterrupt : 0}};
  return fd >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

Rest::~Rest() {
  close(epoll_);
}

void Rest::rest(std::uint64_t timeout_ns, ForwardingView& view) {
  ++idle_passes_;
  if (idle_ == Idle::spin || idle_passes_ <= kSpins) {
    rte_pause();
    return;
  }
  const unsigned doublings = std::min((idle_passes_ - kSpins) / 4, 20U);
  const std::uint64_t ramp_ns = told_ ? longest_sleep_ns_ : kFirstSleepNs << doublings;
  const std::uint64_t sleep_ns = std::min({ramp_ns, longest_sleep_ns_, timeout_ns});
  view.rest();
  if (waker_.begin_sleep()) {
    arm(true);
    epoll_event event{};
    const timespec timeout{static_cast<time_t>(sleep_ns / 1'000'000'000), static_cast<long>(sleep_ns % 1'000'000'000)};
    if (epoll_pwait2(epoll_, &event, 1, &timeout, nullptr) > 0) {
      waker_.drain();
      // Some drivers offer interrupts that never come (e1000's em under vfio): one that came allows longer sleeps.
      if (event.data.u32 == kInterrupt) longest_sleep_ns_ = std::max(longest_sleep_ns_, kInterruptSleepNs);
    }
    arm(false);
  }
  waker_.end_sleep();
}

void Rest::arm(bool on) {
  for (const Queue& q : queues_) {
    on ? rte_eth_dev_rx_intr_enable(q.device, q.queue) : rte_eth_dev_rx_intr_disable(q.device, q.queue);
  }
}

}  // namespace penstock::port

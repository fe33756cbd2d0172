#include "dataplane/engine/worker.h"

#include <fmt/format.h>
#include <pthread.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>

#include "dataplane/engine/stage_meter.h"
#include "dataplane/engine/time_slice.h"

namespace penstock::engine {

// A packet's way through a worker. Everything a packet can meet is called from here.
bool Worker::pass(std::uint64_t now_ns) {
  StageMeter meter;
  shard_->set_now(now_ns);

  shard_->port().receive(arrived_);
  take_handed_over();
  meter.mark(Stage::receive);

  classify();
  meter.mark(Stage::classify);

  bool busy = !arrived_.empty() || took_over_;
  took_over_ = false;
  const bool work_left = serve();
  meter.mark(Stage::service);

  transmit();
  meter.mark(Stage::transmit);

  const unsigned messages = drain_messages();
  meter.mark(Stage::mailbox);

  const bool timers_left = advance(now_ns);
  transmit();  // answers that messages and timers gave rise to
  shard_->wake_others();
  meter.mark(Stage::timers);

  busy |= shard_->take_busy();
  meter.account(shard_->counters(), busy);
  shard_->counters().recent_longest_pass_cycles.set(longest_pass_.add(meter.total(), now_ns));
  return busy || messages > 0 || work_left || timers_left;
}

void Worker::take_handed_over() {
  std::array<HandedOver, 64> taken;
  for (auto& lane : shard_->inbox().packets) {
    const auto room = std::min<std::size_t>(taken.size(), net::kBurstCapacity / shard_->workers());
    const unsigned n = lane.take(std::span(taken).first(room));
    for (unsigned i = 0; i < n; ++i) handed_over_[taken[i].service].push(taken[i].packet);
    shard_->counters().taken_over.add(n);
    took_over_ |= n > 0;
  }
}

// The flow of each packet, and from it (or from the local endpoint) the service.
void Worker::classify() {
  if (arrived_.empty()) return;
  FlowTable& flows = shard_->flows();
  flows.find_burst(arrived_.span());
  for (net::Packet* p : arrived_) {
    const net::PacketInfo& info = net::info(p);
    const auto owner =
        info.flow != net::kNoFlow ? flows[info.flow].service : static_cast<std::uint8_t>(shard_->owner(info.local));
    if (services_[owner] == nullptr) {
      shard_->drop(p, net::Drop::no_flow);
      continue;
    }
    by_service_[owner].push(p);
  }
}

bool Worker::serve() {
  bool left = false;
  for (std::size_t i = 0; i < services_.size(); ++i) {
    if (!by_service_[i].empty()) services_[i]->process(by_service_[i]);
    if (!handed_over_[i].empty()) services_[i]->process_handed_over(handed_over_[i]);
    by_service_[i].clear();
    handed_over_[i].clear();
    if (services_[i] != nullptr) left |= services_[i]->work();
  }
  arrived_.clear();
  return left;
}

void Worker::transmit() {
  if (!shard_->outgoing().empty()) shard_->port().transmit(shard_->outgoing());
}

unsigned Worker::drain_messages() {
  std::array<Message, kMessageBudget> taken;
  unsigned total = 0;
  for (auto& lane : shard_->inbox().messages) {
    const unsigned n = lane.take(taken);
    for (unsigned i = 0; i < n; ++i) {
      if (taken[i].service < services_.size() && services_[taken[i].service] != nullptr) {
        services_[taken[i].service]->on_message(taken[i]);
      }
    }
    total += n;
  }
  shard_->counters().messages.add(total);
  return total;
}

bool Worker::advance(std::uint64_t now_ns) {
  std::array<port::IcmpError, 16> errors;
  const std::size_t n = shard_->port().take_icmp_errors(errors);
  for (std::size_t i = 0; i < n; ++i) {
    if (Service* owner = service(shard_->owner(errors[i].local)); owner != nullptr) owner->on_icmp_error(errors[i]);
  }
  bool left = n == errors.size();
  for (auto& service : services_) {
    if (service != nullptr) left |= service->advance(now_ns, kTimerBudget);
  }
  shard_->update_gauges();
  return left;
}

void Worker::loop() {
  while (!stop_.load(std::memory_order_acquire)) {
    if (pass(monotonic_ns())) continue;
    shard_->counters().waits.add();
    shard_->port().wait(kIdleWaitNs);
  }
}

tl::expected<void, std::string> Worker::start(unsigned cpu, const Setup& setup) {
  cpu_ = cpu;
  std::promise<tl::expected<void, std::string>> ready;
  auto result = ready.get_future();
  thread_ = std::thread([this, &setup, ready = std::move(ready)]() mutable { thread_main(setup, std::move(ready)); });
  auto outcome = result.get();
  if (!outcome) {
    started_ = true;  // nothing to release any more
    join();
  }
  return outcome;
}

void Worker::thread_main(const Setup& setup, std::promise<tl::expected<void, std::string>> ready) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are control's
  pthread_setname_np(pthread_self(), fmt::format("worker-{}", cpu_).c_str());
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu_, &set);
  if (const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set); error != 0) {
    ready.set_value(tl::unexpected(
        fmt::format("cannot pin a worker to CPU {}: {}; see [workers] cores", cpu_, std::strerror(error))));
    return;
  }
  ask_for_short_time_slices();
  if (rte_thread_register() != 0) {
    ready.set_value(
        tl::unexpected(fmt::format("cannot register a worker thread with DPDK: {}", rte_strerror(rte_errno))));
    return;
  }
  auto outcome = setup(*this);
  const bool good = outcome.has_value();
  auto go = go_.get_future();
  ready.set_value(std::move(outcome));
  if (good) {
    go.wait();
    loop();
  }
  rte_thread_unregister();
}

void Worker::run() {
  if (!started_) go_.set_value();
  started_ = true;
}

void Worker::stop() {
  stop_.store(true, std::memory_order_release);
  if (shard_ != nullptr) shard_->port().wake();
}

void Worker::join() {
  if (!thread_.joinable()) return;
  thread_.join();
  if (shard_ != nullptr) shard_->discard_pending();
}

Worker::~Worker() {
  stop();
  run();
  join();
}

}  // namespace penstock::engine

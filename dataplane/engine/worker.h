#pragma once
// The worker loop: one pinned thread that owns one shard.

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <tl/expected.hpp>

#include "dataplane/engine/longest_pass.h"
#include "dataplane/engine/shard.h"

namespace penstock::engine {

class Worker {
 public:
  using Setup = std::function<tl::expected<void, std::string>(Worker&)>;

  Worker() = default;
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Starts the thread on `cpu` and runs `setup` there, so that memory is near the core and rings belong to the thread;
  /// setup calls install() and add(). Returns what setup returned; the loop waits for run().
  tl::expected<void, std::string> start(unsigned cpu, const Setup& setup);
  /// Lets the loop begin. Call when every worker has started: they send to each other.
  void run();
  /// Ends the loop after the current pass.
  void stop();
  /// Waits for the thread. Packets of other workers that are still in the mailbox go back to their pools, so stop and
  /// join every worker, in one order, before destroying the first, in the same order.
  void join();

  /// Once all workers are joined: frees what reached this one after it had ended.
  void discard_pending() {
    if (shard_ != nullptr) shard_->discard_pending();
  }

  void install(std::unique_ptr<Shard> shard) { shard_ = std::move(shard); }
  void add(ServiceId id, std::unique_ptr<Service> service) {
    services_[static_cast<std::size_t>(id)] = std::move(service);
  }

  Shard& shard() { return *shard_; }
  unsigned cpu() const { return cpu_; }

  /// One pass at `now_ns`. Returns true when there was something to do. Public for tests, which bring their own time.
  bool pass(std::uint64_t now_ns);

 private:
  /// Timers, and messages of each sender, handled per pass at most: a bound on a pass's length, not on the work.
  static constexpr unsigned kTimerBudget = 64;
  static constexpr unsigned kMessageBudget = 64;
  /// An idle worker looks at its timers and shows life to the watchdog this often.
  static constexpr std::uint64_t kIdleWaitNs = 100'000'000;

  void thread_main(const Setup& setup, std::promise<tl::expected<void, std::string>> ready);
  void loop();
  void take_handed_over();
  void classify();
  bool serve();
  unsigned drain_messages();
  bool advance(std::uint64_t now_ns);
  void transmit();
  Service* service(ServiceId id) { return services_[static_cast<std::size_t>(id)].get(); }

  std::unique_ptr<Shard> shard_;
  std::array<std::unique_ptr<Service>, static_cast<std::size_t>(ServiceId::count_)> services_;
  net::Burst arrived_;
  std::array<net::Burst, static_cast<std::size_t>(ServiceId::count_)> by_service_;
  std::array<net::Burst, static_cast<std::size_t>(ServiceId::count_)> handed_over_;
  bool took_over_ = false;
  LongestPass longest_pass_;
  unsigned cpu_ = 0;
  std::atomic<bool> stop_{false};
  std::promise<void> go_;
  bool started_ = false;
  std::thread thread_;
};

}  // namespace penstock::engine

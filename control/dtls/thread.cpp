#include "control/dtls/thread.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

namespace penstock::control::dtls {
namespace {

using namespace std::chrono_literals;

constexpr int kLower = 5;                     // than control, which is as much lower than the workers
constexpr std::size_t kDatagramsAtOnce = 32;  // of one worker, before the next one's turn
constexpr std::chrono::milliseconds kTryFullLanesAgain = 2ms;
constexpr std::chrono::milliseconds kLongestSleep = 1min;  // nothing is due, and everybody wakes us

std::uint64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void ring(int event_descriptor) {
  // Can only fail when the count is at its end, and then the sleeper is awake anyway.
  [[maybe_unused]] const int rung = eventfd_write(event_descriptor, 1);
}

}  // namespace

tl::expected<std::unique_ptr<Handshakes::Thread>, std::string> Handshakes::Thread::create(
    const Options& options, const Certificate& certificate, std::span<sfu::HandshakeLanes* const> lanes,
    std::size_t first, std::size_t step, Wake wake, Tell tell) {
  auto context = Context::create(certificate, Session::judge);
  if (!context) return tl::unexpected(context.error());
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) {
    return tl::unexpected(fmt::format("cannot make an eventfd for the DTLS threads: {}; raise the limit of open files",
                                      std::strerror(errno)));
  }
  std::unique_ptr<Thread> thread(
      new Thread(options, std::move(*context), descriptor, lanes, std::move(wake), std::move(tell)));
  for (std::size_t worker = first; worker < lanes.size(); worker += step) {
    thread->served_.push_back({static_cast<std::uint16_t>(worker), lanes[worker]});
    lanes[worker]->wake_descriptor = descriptor;
  }
  return thread;
}

Handshakes::Thread::Thread(const Options& options, Context context, int wake_descriptor,
                           std::span<sfu::HandshakeLanes* const> lanes, Wake wake, Tell tell)
    : context_(std::move(context)),
      wake_descriptor_(wake_descriptor),
      outbox_(lanes, std::move(wake), options.backlog, counters_),
      associations_(
          options, context_, counters_,
          [this](const EndpointRef& to, std::span<const std::uint8_t> datagram) { outbox_.send(to, datagram); },
          std::move(tell)),
      taken_(kDatagramsAtOnce) {}

Handshakes::Thread::~Thread() {
  stop_.store(true, std::memory_order_relaxed);
  ring(wake_descriptor_);
  if (thread_.joinable()) thread_.join();
  for (const Served& served : served_) served.lanes->wake_descriptor = -1;
  close(wake_descriptor_);
}

void Handshakes::Thread::start() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "handshakes");
}

void Handshakes::Thread::ask(Request request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  ring(wake_descriptor_);
}

void Handshakes::Thread::run() {
  // Public-key operations take what the workers and control leave; a handshake can wait, media cannot.
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kLower);  // on Linux: of this thread
  while (!stop_.load(std::memory_order_relaxed)) {
    const bool more = pass();
    counters_.cpu_ns.set(thread_cpu_ns());
    if (!more) sleep();
  }
}

bool Handshakes::Thread::pass() {
  bool more = false;
  for (const Served& served : served_) {
    // Datagrams first, requests second: what control asked for before it told the worker is then known before what the
    // worker sends.
    const unsigned count = served.lanes->to_handshake.take(taken_);
    const Time now = std::chrono::steady_clock::now();
    take_requests(now);
    for (unsigned i = 0; i < count; ++i) associations_.receive(served.worker, taken_[i], now);
    more |= count == taken_.size();
  }
  const Time now = std::chrono::steady_clock::now();
  take_requests(now);
  associations_.advance(now);
  outbox_.flush();
  return more;
}

void Handshakes::Thread::take_requests(Time now) {
  std::vector<Request> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(requests_);
  }
  for (Request& request : taken) {
    if (auto* added = std::get_if<AddPeer>(&request)) {
      associations_.add(std::move(added->peer), now);
    } else if (const auto* removed = std::get_if<RemoveEndpoint>(&request)) {
      associations_.remove(removed->endpoint);
    } else if (const auto* settled = std::get_if<SettleEndpoint>(&request)) {
      associations_.settle(settled->endpoint);
    } else if (const auto* moved = std::get_if<MoveEndpoint>(&request)) {
      associations_.move(moved->from, moved->to);
    }
  }
}

void Handshakes::Thread::sleep() {
  std::chrono::milliseconds wait = kLongestSleep;
  if (const auto due = associations_.next_due()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - std::chrono::steady_clock::now());
    wait = std::clamp(left, 0ms, wait);
  }
  if (outbox_.waiting()) wait = std::min(wait, kTryFullLanesAgain);
  pollfd woken{.fd = wake_descriptor_, .events = POLLIN, .revents = 0};
  if (poll(&woken, 1, static_cast<int>(wait.count())) > 0) {
    eventfd_t count = 0;
    eventfd_read(wake_descriptor_, &count);
  }
}

}  // namespace penstock::control::dtls

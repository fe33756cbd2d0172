#include "bench/load/sfu/peer/loop.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "bench/load/turn/clock.h"

namespace penstock::load::peer {
namespace {

constexpr int kEvents = 256;
constexpr std::uint64_t kLongestSleep_ns = 100'000'000;

}  // namespace

tl::expected<std::unique_ptr<Loop>, std::string> Loop::create(const LoopOptions& options) {
  auto identity = Identity::generate(options.srtp_profiles);
  if (!identity) return tl::unexpected(identity.error());
  auto cipher = srtp::make_cipher(srtp::Kind::automatic, 2 * std::size_t{options.most_endpoints});
  if (!cipher) return tl::unexpected(cipher.error());
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return tl::unexpected(fmt::format("epoll_create1: {}", std::strerror(errno)));
  return std::unique_ptr<Loop>(new Loop(options, std::move(*identity), std::move(*cipher), epoll));
}

Loop::Loop(const LoopOptions& options, Identity identity, std::unique_ptr<srtp::Cipher> cipher, int epoll)
    : options_(options),
      identity_(std::move(identity)),
      cipher_(std::move(cipher)),
      outbox_(*cipher_),
      inbox_(*cipher_),
      epoll_(epoll) {}

Loop::~Loop() {
  ::close(epoll_);
}

tl::expected<Endpoint*, std::string> Loop::open(const net::Endpoint& local) {
  if (free_.empty() && endpoints_.size() == options_.most_endpoints) {
    return tl::unexpected(fmt::format("the loop was made for {} endpoints", options_.most_endpoints));
  }
  auto socket = UdpSocket::bind(local, {.gro = true, .buffer_bytes = options_.socket_buffer_bytes});
  if (!socket) return tl::unexpected(socket.error());
  auto number = static_cast<std::uint32_t>(endpoints_.size());
  if (free_.empty()) {
    endpoints_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  endpoints_[number].reset(new Endpoint(*this, number, std::move(*socket)));
  Endpoint* const endpoint = endpoints_[number].get();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = endpoint;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, endpoint->socket().fd(), &event) != 0) {
    const std::string why = fmt::format("epoll_ctl: {}", std::strerror(errno));
    close(endpoint);
    return tl::unexpected(why);
  }
  return endpoint;
}

void Loop::close(Endpoint* endpoint) {
  outbox_.flush();
  schedule_.remove(*endpoint);
  cipher_->remove(endpoint->receive_context());
  cipher_->remove(endpoint->send_context());
  const std::uint32_t number = endpoint->number_;
  endpoints_[number].reset();  // closing a socket takes it off the epoll set
  free_.push_back(number);
}

void Loop::stop_reading(Endpoint& endpoint) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, endpoint.socket().fd(), nullptr);
}

void Loop::turn(std::uint64_t deadline_ns) {
  std::array<epoll_event, kEvents> events;
  const std::uint64_t until = std::min(deadline_ns, schedule_.next_ns());
  const std::uint64_t now = now_ns();
  const std::uint64_t sleep_ns = std::min(until > now ? until - now : 0, kLongestSleep_ns);
  const timespec sleep{0, static_cast<long>(sleep_ns)};
  const int ready = epoll_pwait2(epoll_, events.data(), kEvents, &sleep, nullptr);
  for (int i = 0; i < ready; ++i) inbox_.receive(*static_cast<Endpoint*>(events[static_cast<std::size_t>(i)].data.ptr));
  inbox_.flush();
  schedule_.run(now_ns());
  outbox_.flush();
}

void Loop::run_until(std::uint64_t end_ns) {
  while (now_ns() < end_ns) turn(end_ns);
}

}  // namespace penstock::load::peer

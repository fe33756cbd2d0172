#include "dataplane/port/uring/port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "dataplane/port/uring/socket.h"

namespace penstock::port {
namespace {

// Submissions of one pass: arming and closing sockets. More are submitted in several calls.
constexpr unsigned kReceiveSubmissions = 1024;
// Completions that may wait: all slabs', and ends of receives. The kernel sizes its table of cancellable requests by
// it.
constexpr unsigned kReceiveCompletions = 8192;

std::string unique_name() {
  static std::atomic<unsigned> next{0};
  return fmt::format("uring_{}", next.fetch_add(1));
}

}  // namespace

tl::expected<std::unique_ptr<UringPort>, std::string> UringPort::create(const UringOptions& options) {
  auto receive_ring = Ring::create_for_receive(kReceiveSubmissions, kReceiveCompletions);
  if (!receive_ring) return tl::unexpected(receive_ring.error());
  auto send_ring = Ring::create_for_send(net::kBurstCapacity);
  if (!send_ring) return tl::unexpected(send_ring.error());
  auto pool = net::PacketPool::create(unique_name(), options.packets, 0);
  if (!pool) return tl::unexpected(pool.error());
  std::unique_ptr<UringPort> port(
      new UringPort(options, std::move(*pool), std::move(*receive_ring), std::move(*send_ring)));
  if (port->waker_.fd() < 0)
    return tl::unexpected(std::string("out of file descriptors: raise LimitNOFILE= (ulimit -n)"));
  auto slabs = SlabRing::create(port->receive_ring_.get(), options.slabs, port->waker_);
  if (!slabs) return tl::unexpected(slabs.error());
  port->slabs_ = std::move(*slabs);
  port->receiver_ = std::make_unique<UringReceiver>(port->receive_ring_, *port->slabs_, port->pool_, port->sockets_,
                                                    port->icmp_errors_, port->waker_, port->counters_);
  port->counters_.slabs_total.set(options.slabs);
  port->counters_.slabs_free.set(options.slabs);
  return port;
}

UringPort::UringPort(const UringOptions& options, net::PacketPool pool, Ring receive_ring, Ring send_ring)
    : options_(options),
      pool_(std::move(pool)),
      sockets_(options.max_locals),
      receive_ring_(std::move(receive_ring)),
      send_ring_(std::move(send_ring)),
      sender_(std::make_unique<UringSender>(send_ring_, sockets_, icmp_errors_, counters_, options.gso)) {}

UringPort::~UringPort() {
  for (const Socket& socket : sockets_) {
    if (socket.is_open()) close(socket.fd);
  }
}

void UringPort::start() {
  if (started_) return;
  started_ = true;
  receiver_->start();
  sender_->start();
}

void UringPort::receive(net::Burst& burst) {
  start();
  receiver_->receive(burst);
  counters_.slabs_free.set(slabs_->free());
}

void UringPort::transmit(net::Burst& burst) {
  start();
  sender_->transmit(burst);
}

void UringPort::wait(std::uint64_t timeout_ns) {
  start();
  receiver_->sleep(timeout_ns);
}

tl::expected<net::LocalId, BindError> UringPort::bind(const net::Endpoint& local, BindOptions options) {
  const auto detached = reserve(local, options);
  if (!detached) return tl::unexpected(detached.error());
  return attach(*detached);
}

void UringPort::unbind(net::LocalId local) {
  if (sockets_.find(local) == nullptr) return;
  receiver_->remove(local);
  sockets_.give_back(local);
  counters_.locals.sub();
}

tl::expected<DetachedLocal, BindError> UringPort::reserve(const net::Endpoint& local, BindOptions options) {
  const bool crowded = options.shared || options.crowded;
  const SocketOptions socket_options{options_.gro, crowded ? options_.listener_buffer : options_.relayed_buffer};
  auto fd = open_socket(local, options, socket_options);
  if (!fd && started_ && receiver_->flush()) {
    // It, or a descriptor, may have been held by a socket that we are about to close.
    fd = open_socket(local, options, socket_options);
  }
  if (!fd) return tl::unexpected(fd.error());
  return DetachedLocal{local, options, static_cast<std::uint64_t>(*fd)};
}

// kNoLocal when all places are taken.
net::LocalId UringPort::add_socket(const DetachedLocal& detached) {
  const net::LocalId local = sockets_.take();
  if (local == net::kNoLocal) return local;
  Socket& socket = sockets_[local];
  socket.endpoint = detached.endpoint;
  socket.fd = static_cast<int>(detached.handle);
  socket.kernel_drops = 0;
  socket.v6 = !detached.endpoint.address.is_v4();
  socket.icmp_errors = detached.options.icmp_errors;
  socket.dont_fragment = false;
  socket.armed = false;
  counters_.locals.add();
  return local;
}

tl::expected<net::LocalId, BindError> UringPort::attach(const DetachedLocal& detached) {
  const net::LocalId local = add_socket(detached);
  if (local == net::kNoLocal) {
    discard(detached);
    return tl::unexpected(BindError::no_resources);
  }
  receiver_->add(local);
  return local;
}

tl::expected<DetachedLocal, BindError> UringPort::lend(net::LocalId local) {
  const Socket* socket = sockets_.find(local);
  if (socket == nullptr) return tl::unexpected(BindError::no_address);
  return DetachedLocal{socket->endpoint, {}, static_cast<std::uint64_t>(socket->fd)};
}

// The same socket by a descriptor of its own, so that either may be closed first. It is not received on.
tl::expected<net::LocalId, BindError> UringPort::borrow(const DetachedLocal& lent) {
  const int fd = fcntl(static_cast<int>(lent.handle), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return tl::unexpected(BindError::no_resources);
  const net::LocalId local = add_socket({lent.endpoint, lent.options, static_cast<std::uint64_t>(fd)});
  if (local != net::kNoLocal) return local;
  close(fd);
  return tl::unexpected(BindError::no_resources);
}

void UringPort::discard(const DetachedLocal& detached) {
  close(static_cast<int>(detached.handle));
}

// The kernel finds the way itself; the path is the socket.
net::PathId UringPort::resolve(net::LocalId local, const net::Endpoint& remote) {
  const Socket* socket = sockets_.find(local);
  if (socket == nullptr || remote.address.is_v4() == socket->v6) return net::kNoPath;
  return local;
}

}  // namespace penstock::port

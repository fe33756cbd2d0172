#include "dataplane/port/uring_sender.h"

#include <time.h>

#include <algorithm>
#include <cerrno>

#include "dataplane/port/socket.h"

namespace penstock::port {
namespace {

// A kernel that has no memory for submissions is asked again this often before we give up.
constexpr int kSubmitAttempts = 4;

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

bool wants_dont_fragment(const net::PacketInfo& info) {
  return (info.flags & net::PacketInfo::kDontFragment) != 0;
}

net::Drop drop_reason(int error) {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return net::Drop::tx_no_buffer;
    case EMSGSIZE:
      return net::Drop::tx_too_big;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return net::Drop::tx_unreachable;
    case EPERM:
    case EACCES:
      return net::Drop::tx_refused;
    default:
      return net::Drop::tx_error;
  }
}

// Errors that a train meets and its packets alone may not: no UDP_SEGMENT here, or segments beyond the MTU.
bool may_go_singly(int error) {
  return error == EINVAL || error == EIO || error == EMSGSIZE || error == EOPNOTSUPP || error == ENOPROTOOPT;
}

// Segments from which on a train fails as this one did: a size beyond the MTU, or all.
std::uint32_t refused_segment(int error, std::uint32_t segment) {
  return error == EINVAL || error == EMSGSIZE ? segment : 1;
}

}  // namespace

UringSender::UringSender(Ring& ring, SocketTable& sockets, IcmpErrorQueue& icmp_errors, PortCounters& counters,
                         bool gso)
    : ring_(ring), sockets_(sockets), icmp_errors_(icmp_errors), counters_(counters), gso_(gso) {}

void UringSender::transmit(net::Burst& burst) {
  if (burst.empty()) return;
  burst_ = &burst;
  dropped_packets_ = 0;
  dropped_bytes_ = 0;
  grouping_.group(burst.span());
  std::uint64_t bytes = 0;
  for (const Group& group : grouping_.groups()) {
    bytes += group.bytes;
    send_group(group);
  }
  flush();
  counters_.sent_packets.add(burst.size - dropped_packets_);
  counters_.sent_bytes.add(bytes - dropped_bytes_);
  rte_pktmbuf_free_bulk(burst.packets.data(), burst.size);
  burst.clear();
}

void UringSender::send_group(const Group& group) {
  const net::PacketInfo& info = net::info(burst_->packets[group.first]);
  Socket* socket = sockets_.find(info.local);
  if (socket == nullptr) return drop(group.count, group.bytes, net::Drop::tx_error);
  if (info.remote.port == 0 || info.remote.address.is_v4() == socket->v6) {
    return drop(group.count, group.bytes, net::Drop::tx_unreachable);
  }
  if (group.segment > kMaxPayload) return drop(group.count, group.bytes, net::Drop::tx_too_big);
  if (wants_dont_fragment(info) != socket->dont_fragment) {
    // There is no control message for DF over IPv4, so the socket changes its mode; it seldom has to change back,
    // because whoever asks for DF does so for all packets. What is prepared still goes in the old mode.
    flush();
    socket->dont_fragment = !socket->dont_fragment;
    set_dont_fragment(socket->fd, socket->v6, socket->dont_fragment);
  }
  if (group.count == 1) return submit(*socket, group);
  const bool refused = !refusals_.empty() && refusals_.refused(info, group.segment, now_ns());
  if (gso_ && !refused) return submit(*socket, group);
  counters_.train_fallbacks.add();
  for (std::uint16_t i = 0, index = group.first; i < group.count; ++i, index = grouping_.next(index)) {
    const auto size = static_cast<std::uint32_t>(net::wire_size(burst_->packets[index]));
    submit(*socket, {.first = index, .last = index, .count = 1, .segment = size, .bytes = size});
  }
}

// Fills in what the kernel reads, with the pieces of the chain's packets at `vectors`.
void UringSender::prepare(Send& send, const Socket& socket, iovec* vectors) {
  const net::PacketInfo& info = net::info(burst_->packets[send.first]);
  Gather gather(vectors);
  for (std::uint16_t i = 0, index = send.first; i < send.count; ++i, index = grouping_.next(index)) {
    gather.add(burst_->packets[index]);
  }
  send.control.clear();
  if (info.tos != 0) send.control.put_tos(info.tos, socket.v6);
  if (send.count > 1) send.control.put_segment(static_cast<std::uint16_t>(send.segment));
  send.message.msg_namelen = encode(info.remote, send.destination);
  send.message.msg_name = &send.destination;
  send.message.msg_iov = gather.begin();
  send.message.msg_iovlen = gather.size();
  send.control.attach_to(send.message);
}

void UringSender::submit(const Socket& socket, const Group& part) {
  Send& send = send_[sends_];
  send.local = net::info(burst_->packets[part.first]).local;
  send.first = part.first;
  send.count = part.count;
  send.segment = part.segment;
  send.bytes = part.bytes;
  prepare(send, socket, &vector_[vectors_]);
  io_uring_sqe* sqe = ring_.submission();
  if (sqe == nullptr) return drop(part.count, part.bytes, net::Drop::tx_no_buffer);
  prepare_submission(*sqe, socket.fd, send.message);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = sends_;
  vectors_ += static_cast<std::uint32_t>(send.message.msg_iovlen);
  sends_ += 1;
  counters_.sends.add();
  if (part.count > 1) counters_.sent_trains.add();
}

// One piece without control messages, as most single datagrams are, is read by the kernel from the submission alone.
void UringSender::prepare_submission(io_uring_sqe& sqe, int fd, const msghdr& message) const {
  if (!ring_.features().send_address || message.msg_iovlen != 1 || message.msg_controllen != 0) {
    io_uring_prep_sendmsg(&sqe, fd, &message, MSG_DONTWAIT);
    return;
  }
  io_uring_prep_send(&sqe, fd, message.msg_iov->iov_base, message.msg_iov->iov_len, MSG_DONTWAIT);
  sqe.addr2 = reinterpret_cast<std::uintptr_t>(message.msg_name);
  sqe.addr_len = static_cast<std::uint16_t>(message.msg_namelen);
}

// Submits what is prepared. All of it is done afterwards.
void UringSender::flush() {
  if (sends_ == 0) return;
  io_uring* ring = ring_.get();
  for (int i = 0; io_uring_sq_ready(ring) != 0 && i < kSubmitAttempts; ++i) io_uring_submit(ring);
  if (io_uring_sq_ready(ring) != 0) void_unsubmitted();
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(ring, head, completion) {
    on_failure(send_[completion->user_data], -completion->res);
    ++count;
  }
  io_uring_cq_advance(ring, count);
  sends_ = 0;
  vectors_ = 0;
}

// Submissions that the kernel would not take refer to packets about to be freed: make them refer to nothing.
void UringSender::void_unsubmitted() {
  io_uring* ring = ring_.get();
  const unsigned ready = io_uring_sq_ready(ring);
  for (unsigned i = 0; i < ready; ++i) {
    io_uring_sqe& sqe = ring->sq.sqes[(ring->sq.sqe_tail - 1 - i) & *ring->sq.kring_mask];
    const Send& send = send_[sqe.user_data];
    drop(send.count, send.bytes, net::Drop::tx_no_buffer);
    io_uring_prep_nop(&sqe);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
}

void UringSender::on_failure(const Send& send, int error) {
  Socket& socket = sockets_[send.local];
  // The error may be an earlier packet's ICMP error, which the kernel reports once and instead of sending.
  if (socket.icmp_errors) {
    read_error_queue(socket, send.local, icmp_errors_);
    error = send_now(socket, send);
    if (error == 0) return;
  }
  if (send.count > 1 && may_go_singly(error)) return send_singly(socket, send, error);
  drop(send.count, send.bytes, drop_reason(error));
}

int UringSender::send_now(const Socket& socket, const Send& send) {
  return sendmsg(socket.fd, &send.message, MSG_DONTWAIT) < 0 ? errno : 0;
}

// A train was refused. Its packets go one by one, now: behind packets of their flow that were submitted after it, which
// happens once, because the refusal is remembered.
void UringSender::send_singly(Socket& socket, const Send& train, int error) {
  refusals_.remember(net::info(burst_->packets[train.first]), refused_segment(error, train.segment), now_ns());
  counters_.train_fallbacks.add();
  for (std::uint16_t i = 0, index = train.first; i < train.count; ++i, index = grouping_.next(index)) {
    Send single;
    std::array<iovec, kPiecesPerPacket> pieces;
    single.local = train.local;
    single.first = index;
    single.count = 1;
    single.bytes = static_cast<std::uint32_t>(net::wire_size(burst_->packets[index]));
    prepare(single, socket, pieces.data());
    counters_.sends.add();
    if (const int failed = send_now(socket, single); failed != 0) drop(1, single.bytes, drop_reason(failed));
  }
}

void UringSender::drop(std::uint32_t packets, std::uint32_t bytes, net::Drop reason) {
  dropped_packets_ += packets;
  dropped_bytes_ += bytes;
  counters_.dropped[static_cast<std::size_t>(reason)].add(packets);
}

}  // namespace penstock::port

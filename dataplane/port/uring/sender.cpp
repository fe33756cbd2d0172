#include "dataplane/port/uring/sender.h"

#include <time.h>

#include <cerrno>
#include <span>

#include "dataplane/port/uring/socket.h"

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

Group single(std::uint16_t index, const net::Packet* p) {
  const auto size = static_cast<std::uint32_t>(net::wire_size(p));
  return {.first = index, .last = index, .count = 1, .segment = size, .bytes = size};
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
  if (socket == nullptr) return drop(group, net::Drop::tx_error);
  if (info.remote.port == 0 || info.remote.address.is_v4() == socket->v6) return drop(group, net::Drop::tx_unreachable);
  if (group.segment > kMaxPayload) return drop(group, net::Drop::tx_too_big);
  if (wants_dont_fragment(info) != socket->dont_fragment) {
    // There is no control message for DF over IPv4, so the socket changes its mode; it seldom has to change back,
    // because whoever asks for DF does so for all packets. What is queued still goes in the old mode.
    flush();
    socket->dont_fragment = !socket->dont_fragment;
    set_dont_fragment(socket->fd, socket->v6, socket->dont_fragment);
  }
  if (group.count == 1) return enqueue(*socket, group);
  const bool refused = !refusals_.empty() && refusals_.refused(info, group.segment, now_ns());
  if (gso_ && !refused) return enqueue(*socket, group);
  counters_.train_fallbacks.add();
  for (std::uint16_t i = 0, index = group.first; i < group.count; ++i, index = grouping_.next(index)) {
    enqueue(*socket, single(index, burst_->packets[index]));
  }
}

void UringSender::enqueue(Socket& socket, const Group& part) {
  const auto at = static_cast<std::uint16_t>(queued_count_++);
  queued_[at].part = part;
  counters_.sends.add();
  if (part.count > 1) counters_.sent_trains.add();
  if (socket.run_flush == flush_) {
    Run& run = runs_[socket.run];
    queued_[run.last].next = at;
    run.last = at;
    run.count += 1;
    return;
  }
  socket.run_flush = flush_;
  socket.run = static_cast<std::uint16_t>(run_count_);
  runs_[run_count_++] = {net::info(burst_->packets[part.first]).local, at, at, 1};
}

// Sends what is queued. All of it is done afterwards.
void UringSender::flush() {
  if (queued_count_ == 0) return;
  std::uint32_t end = 0;
  iovec* pieces = pieces_.data();
  for (const Run& run : std::span(runs_).first(run_count_)) {
    const Socket& socket = sockets_[run.local];
    const std::uint32_t begin = end;
    for (std::uint16_t i = 0, at = run.first; i < run.count; ++i, at = queued_[at].next, ++end) {
      prepared_[end].local = run.local;
      pieces = prepare(queued_[at].part, socket.v6, prepared_[end], messages_[end].msg_hdr, pieces);
    }
    run.count == 1 ? submit_single(socket, begin) : send_run(socket, run.local, begin, end);
  }
  complete_singles();
  queued_count_ = 0;
  run_count_ = 0;
  if (++flush_ == 0) flush_ = 1;
}

// Fills in what the kernel reads, with the pieces of the packets from `pieces` on. Returns where they end.
iovec* UringSender::prepare(const Group& part, bool v6, Prepared& prepared, msghdr& message, iovec* pieces) const {
  const net::PacketInfo& info = net::info(burst_->packets[part.first]);
  Gather gather(pieces);
  for (std::uint16_t i = 0, index = part.first; i < part.count; ++i, index = grouping_.next(index)) {
    gather.add(burst_->packets[index]);
  }
  prepared.part = part;
  prepared.control.clear();
  if (info.tos != 0) prepared.control.put_tos(info.tos, v6);
  if (part.count > 1) prepared.control.put_segment(static_cast<std::uint16_t>(part.segment));
  message.msg_namelen = encode(info.remote, prepared.destination);
  message.msg_name = &prepared.destination;
  message.msg_iov = gather.begin();
  message.msg_iovlen = gather.size();
  prepared.control.attach_to(message);
  return gather.end();
}

void UringSender::send_run(const Socket& socket, net::LocalId local, std::uint32_t begin, std::uint32_t end) {
  while (begin < end) {
    const int sent = sendmmsg(socket.fd, &messages_[begin], end - begin, MSG_DONTWAIT);
    if (sent <= 0) {
      const int error = errno;
      on_failure(begin++, error);
      if (error != EAGAIN) continue;
      // The socket's send buffer is full, for the others as well.
      while (begin < end) drop(prepared_[begin++].part, net::Drop::tx_no_buffer);
      return;
    }
    begin += static_cast<std::uint32_t>(sent);
    // The next one failed, and only its next attempt will say why; but if the reason was a pending ICMP error, that was
    // taken off the socket, and the error queue has to be read now or nobody will be told.
    if (begin < end && socket.icmp_errors) read_error_queue(socket, local, icmp_errors_);
  }
}

// One piece without control messages, as most single datagrams are, is read by the kernel from the submission alone.
void UringSender::submit_single(const Socket& socket, std::uint32_t at) {
  const msghdr& message = messages_[at].msg_hdr;
  io_uring_sqe* sqe = ring_.submission();
  if (sqe == nullptr) return drop(prepared_[at].part, net::Drop::tx_no_buffer);
  if (!ring_.features().send_address || message.msg_iovlen != 1 || message.msg_controllen != 0) {
    io_uring_prep_sendmsg(sqe, socket.fd, &message, MSG_DONTWAIT);
  } else {
    io_uring_prep_send(sqe, socket.fd, message.msg_iov->iov_base, message.msg_iov->iov_len, MSG_DONTWAIT);
    sqe->addr2 = reinterpret_cast<std::uintptr_t>(message.msg_name);
    sqe->addr_len = static_cast<std::uint16_t>(message.msg_namelen);
  }
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = at;
}

void UringSender::complete_singles() {
  io_uring* ring = ring_.get();
  for (int i = 0; io_uring_sq_ready(ring) != 0 && i < kSubmitAttempts; ++i) io_uring_submit(ring);
  if (io_uring_sq_ready(ring) != 0) void_unsubmitted();
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(ring, head, completion) {
    on_failure(static_cast<std::uint32_t>(completion->user_data), -completion->res);
    ++count;
  }
  io_uring_cq_advance(ring, count);
}

// Submissions that the kernel would not take refer to packets about to be freed: make them refer to nothing.
void UringSender::void_unsubmitted() {
  io_uring* ring = ring_.get();
  const unsigned ready = io_uring_sq_ready(ring);
  for (unsigned i = 0; i < ready; ++i) {
    io_uring_sqe& sqe = ring->sq.sqes[(ring->sq.sqe_tail - 1 - i) & *ring->sq.kring_mask];
    drop(prepared_[sqe.user_data].part, net::Drop::tx_no_buffer);
    io_uring_prep_nop(&sqe);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
}

void UringSender::on_failure(std::uint32_t at, int error) {
  const Prepared& failed = prepared_[at];
  const Socket& socket = sockets_[failed.local];
  // The error may be an earlier packet's ICMP error, which the kernel reports once and instead of sending.
  if (socket.icmp_errors) {
    read_error_queue(socket, failed.local, icmp_errors_);
    if (sendmsg(socket.fd, &messages_[at].msg_hdr, MSG_DONTWAIT) >= 0) return;
    error = errno;
  }
  if (failed.part.count > 1 && may_go_singly(error)) return send_singly(socket, failed.part, error);
  drop(failed.part, drop_reason(error));
}

// A train was refused, and its packets go one by one. Those submitted before this was known may overtake them, once:
// the refusal is remembered.
void UringSender::send_singly(const Socket& socket, const Group& train, int error) {
  refusals_.remember(net::info(burst_->packets[train.first]), refused_segment(error, train.segment), now_ns());
  counters_.train_fallbacks.add();
  for (std::uint16_t i = 0, index = train.first; i < train.count; ++i, index = grouping_.next(index)) {
    const Group part = single(index, burst_->packets[index]);
    Prepared prepared;
    msghdr message{};
    std::array<iovec, kPiecesPerPacket> pieces;
    prepare(part, socket.v6, prepared, message, pieces.data());
    counters_.sends.add();
    if (sendmsg(socket.fd, &message, MSG_DONTWAIT) < 0) drop(part, drop_reason(errno));
  }
}

void UringSender::drop(const Group& part, net::Drop reason) {
  dropped_packets_ += part.count;
  dropped_bytes_ += part.bytes;
  counters_.dropped[static_cast<std::size_t>(reason)].add(part.count);
}

}  // namespace penstock::port

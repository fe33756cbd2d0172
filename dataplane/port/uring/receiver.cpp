#include "dataplane/port/uring/receiver.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "dataplane/port/uring/completion_tag.h"
#include "dataplane/port/uring/control_message.h"
#include "dataplane/port/uring/socket_address.h"

namespace penstock::port {
namespace {

// What the kernel writes before a payload: its own header, the source's address, control messages. All 8-byte aligned.
constexpr std::size_t kNameSizeV4 = sizeof(sockaddr_in);
constexpr std::size_t kNameSizeV6 = 32;  // sockaddr_in6 and padding
static_assert(kNameSizeV6 >= sizeof(sockaddr_in6));
constexpr std::size_t kHeaderV4 = sizeof(io_uring_recvmsg_out) + kNameSizeV4 + kReceiveControlSize;
constexpr std::size_t kHeaderV6 = sizeof(io_uring_recvmsg_out) + kNameSizeV6 + kReceiveControlSize;
static_assert(kHeaderV4 >= net::kLeadCapacity, "once read, the header is the payload's headroom");
static_assert(SlabRing::kSlabSize - kHeaderV6 > UINT16_MAX, "no train is longer");
// Behind a payload at most padding is written.
constexpr std::size_t kTailroom = 64;

// Calls into the kernel for one burst: each may bring a few sockets' datagrams only.
constexpr int kMaxEnters = 16;

// What the kernel may receive ahead of us, so that it is still in the second-level cache when it is sent.
constexpr std::uint64_t kBytesAhead = 512 << 10;
// However long trains are, this many; and of a socket's backlog, this many are expected at once.
constexpr std::uint32_t kMinSlabsAhead = 32;
constexpr std::uint32_t kBacklog = 8;
// What a datagram costs the cache beside its payload: the header, and lines half used.
constexpr std::uint64_t kHeaderBytes = 256;

constexpr std::uint64_t kRetryDelayNs = 10'000'000;

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace

UringReceiver::UringReceiver(Ring& ring, SlabRing& slabs, net::PacketPool& pool, SocketTable& sockets,
                             IcmpErrorQueue& icmp_errors, Waker& waker, PortCounters& counters)
    : ring_(ring),
      slabs_(slabs),
      pool_(pool),
      sockets_(sockets),
      icmp_errors_(icmp_errors),
      waker_(waker),
      counters_(counters) {
  shape_v4_.msg_namelen = kNameSizeV4;
  shape_v4_.msg_controllen = kReceiveControlSize;
  shape_v6_.msg_namelen = kNameSizeV6;
  shape_v6_.msg_controllen = kReceiveControlSize;
}

UringReceiver::~UringReceiver() {
  drop_rest();
}

void UringReceiver::start() {
  slabs_.own();
  ring_.enable();
}

void UringReceiver::remove(net::LocalId local) {
  const Socket& socket = sockets_[local];
  // The rest of its train would arrive at whoever gets the id next.
  if (arrival_.local == local && delivered_ < datagrams_) {
    counters_.dropped[static_cast<std::size_t>(net::Drop::no_flow)].add(datagrams_ - delivered_);
    drop_rest();
  }
  if (socket.armed) {
    if (io_uring_sqe* sqe = ring_.submission()) {
      io_uring_prep_cancel64(sqe, receive_tag(local, socket.generation), 0);
      sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
      sqe->user_data = kIgnored;
    }
  }
  io_uring_sqe* sqe = socket.armed ? ring_.submission() : nullptr;
  if (sqe == nullptr) {
    close(socket.fd);
    return;
  }
  io_uring_prep_close(sqe, socket.fd);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = kIgnored;
}

bool UringReceiver::flush() {
  if (!ring_.needs_enter()) return false;
  ring_.enter();
  return true;
}

void UringReceiver::receive(net::Burst& burst) {
  pass_ns_ = 0;
  slabs_.publish(slabs_ahead());
  arm_sockets();
  if (delivered_ < datagrams_) deliver(burst);
  reap(burst);
  for (int i = 0; i < kMaxEnters && !burst.full() && ring_.needs_enter(); ++i) {
    ring_.enter();
    reap(burst);
  }
}

void UringReceiver::sleep(std::uint64_t timeout_ns) {
  slabs_.publish(slabs_ahead());
  arm_sockets();
  arm_wake();
  if (delivered_ < datagrams_ || io_uring_cq_ready(ring_.get()) != 0) return;
  // Sockets wait for slabs, or only for their turn.
  if (!to_arm_.empty() && (slabs_.published() != 0 || !slabs_.wake_on_return())) return;
  if (!to_arm_later_.empty()) timeout_ns = std::min(timeout_ns, kRetryDelayNs);
  // With our own flag first: a wake() that comes before the kernel call makes the eventfd readable.
  if (waker_.begin_sleep()) {
    __kernel_timespec timeout{};
    timeout.tv_sec = static_cast<std::int64_t>(timeout_ns / 1'000'000'000);
    timeout.tv_nsec = static_cast<long long>(timeout_ns % 1'000'000'000);
    io_uring_cqe* completion = nullptr;
    io_uring_submit_and_wait_timeout(ring_.get(), &completion, 1, &timeout, nullptr);
  }
  waker_.end_sleep();
}

// Few slabs when trains are long, all when datagrams are short: receiving far ahead of sending costs cache misses,
// having too few slabs costs re-arming.
std::uint32_t UringReceiver::slabs_ahead() const {
  const std::uint64_t slabs = kBytesAhead / (static_cast<std::uint64_t>(average_size_) + kHeaderBytes);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(slabs, kMinSlabsAhead));
}

// Sockets without a receive in the kernel get one. Those that had one probably have a backlog, and as many of them are
// armed as there are slabs for it: the others would only end with ENOBUFS again.
void UringReceiver::arm_sockets() {
  if (!to_arm_later_.empty() && now_ns() >= later_ns_) {
    to_arm_.insert(to_arm_.end(), to_arm_later_.begin(), to_arm_later_.end());
    to_arm_later_.clear();
  }
  if (to_arm_.empty()) return;
  std::uint32_t again = (slabs_.published() + kBacklog - 1) / kBacklog;
  std::size_t done = 0;
  for (; done < to_arm_.size(); ++done) {
    const Unarmed& unarmed = to_arm_[done];
    if (!unarmed.fresh && again-- == 0) break;
    if (!arm(unarmed)) break;
  }
  to_arm_.erase(to_arm_.begin(), to_arm_.begin() + static_cast<std::ptrdiff_t>(done));
}

// False when the submission queue takes no more.
bool UringReceiver::arm(const Unarmed& unarmed) {
  Socket* socket = sockets_.find(unarmed.local, unarmed.generation);
  if (socket == nullptr || socket->armed) return true;  // closed in the meantime
  io_uring_sqe* sqe = ring_.submission();
  if (sqe == nullptr) return false;
  io_uring_prep_recvmsg_multishot(sqe, socket->fd, socket->v6 ? &shape_v6_ : &shape_v4_, 0);
  if (unarmed.fresh) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = SlabRing::kGroup;
  sqe->user_data = receive_tag(unarmed.local, socket->generation);
  socket->armed = true;
  return true;
}

void UringReceiver::arm_wake() {
  if (wake_armed_) return;
  io_uring_sqe* sqe = ring_.submission();
  if (sqe == nullptr) return;
  io_uring_prep_poll_multishot(sqe, waker_.fd(), POLLIN);
  sqe->user_data = kWake;
  wake_armed_ = true;
}

void UringReceiver::reap(net::Burst& burst) {
  io_uring* ring = ring_.get();
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(ring, head, completion) {
    // A train that does not fit goes on in the next burst; so does what comes after it.
    if (burst.full() || delivered_ < datagrams_) break;
    on_completion(*completion, burst);
    ++count;
  }
  io_uring_cq_advance(ring, count);
}

void UringReceiver::on_completion(const io_uring_cqe& completion, net::Burst& burst) {
  if (is_receive(completion.user_data)) return on_receive(completion, burst);
  if (completion.user_data != kWake) return;
  waker_.drain();
  if ((completion.flags & IORING_CQE_F_MORE) == 0) wake_armed_ = false;
}

void UringReceiver::on_receive(const io_uring_cqe& completion, net::Burst& burst) {
  const net::LocalId local = local_of(completion.user_data);
  Socket* socket = sockets_.find(local, generation_of(completion.user_data));
  if ((completion.flags & IORING_CQE_F_MORE) == 0) on_end(socket, local, completion.res);
  if ((completion.flags & IORING_CQE_F_BUFFER) == 0) return;
  const auto slab = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
  slabs_.taken();
  // A closed socket's datagrams go the way they would have gone had they come a moment later.
  if (completion.res < 0 || socket == nullptr ||
      !parse(slab, static_cast<std::size_t>(completion.res), *socket, local)) {
    slabs_.give_back(slab);
    return;
  }
  deliver(burst);
}

// A multishot receive ends when there is no slab (ENOBUFS), with an ICMP error that is queued, or when the kernel had
// enough of it. It starts again unless its socket is gone.
void UringReceiver::on_end(Socket* socket, net::LocalId local, int result) {
  if (socket == nullptr) return;
  socket->armed = false;
  counters_.rearmed.add();
  const Unarmed unarmed{local, socket->generation, false};
  const bool expected =
      result >= 0 || result == -ENOBUFS || (socket->icmp_errors && read_error_queue(*socket, local, icmp_errors_) != 0);
  if (expected) {
    to_arm_.push_back(unarmed);
    return;
  }
  // The first one sets the time, or a stream of failures would put off all of them for ever.
  if (to_arm_later_.empty()) later_ns_ = now_ns() + kRetryDelayNs;
  to_arm_later_.push_back(unarmed);
}

// Makes arrival_ of a filled slab. False when it holds nothing that can be delivered.
bool UringReceiver::parse(std::uint16_t slab, std::size_t size, Socket& socket, net::LocalId local) {
  const std::size_t header = socket.v6 ? kHeaderV6 : kHeaderV4;
  if (size < header) return false;
  std::uint8_t* const base = slabs_.bytes(slab).data();
  io_uring_recvmsg_out out;
  std::memcpy(&out, base, sizeof out);
  std::uint8_t* const name = base + sizeof out;
  std::uint8_t* const control = name + (socket.v6 ? kNameSizeV6 : kNameSizeV4);
  const ReceivedControl said = read_control(control, std::min<std::size_t>(out.controllen, kReceiveControlSize));
  if (said.drops != 0) {
    // The socket's count wraps; ours does not.
    counters_.kernel_drops.add(said.drops - socket.kernel_drops);
    socket.kernel_drops = said.drops;
  }
  counters_.receives.add();
  average_size_ += (static_cast<std::int64_t>(size) - average_size_) / 16;
  arrival_.payload = base + header;
  arrival_.size = static_cast<std::uint32_t>(size - header);
  arrival_.segment = said.segment;
  arrival_.tos = said.tos;
  arrival_.headroom = static_cast<std::uint16_t>(header);
  arrival_.tailroom = static_cast<std::uint16_t>(std::min(kTailroom, SlabRing::kSlabSize - size));
  arrival_.shared = slabs_.shared(slab);
  arrival_.remote = decode(name, socket.v6);
  arrival_.local = local;
  arrival_.train = 0;
  arrival_.arrival_ns = pass_time();
  datagrams_ = arrival_.datagrams();
  delivered_ = 0;
  counters_.received_packets.add(datagrams_);
  counters_.received_bytes.add(arrival_.size);
  if ((out.flags & MSG_TRUNC) != 0) {
    counters_.dropped[static_cast<std::size_t>(net::Drop::rx_truncated)].add(datagrams_);
    delivered_ = datagrams_;
    return false;
  }
  if (datagrams_ > 1) {
    if (++last_train_ == 0) last_train_ = 1;
    arrival_.train = last_train_;
    counters_.received_trains.add();
  }
  rte_mbuf_ext_refcnt_set(arrival_.shared, static_cast<std::uint16_t>(datagrams_));
  return true;
}

// Appends what is left of arrival_, as far as it fits.
void UringReceiver::deliver(net::Burst& burst) {
  const std::uint32_t n = std::min(datagrams_ - delivered_, burst.room());
  const std::span<net::Packet*> packets{burst.packets.data() + burst.size, n};
  if (!pool_.allocate_bulk(packets)) {
    counters_.dropped[static_cast<std::size_t>(net::Drop::rx_no_packet)].add(datagrams_ - delivered_);
    drop_rest();
    return;
  }
  slice(arrival_, delivered_, packets);
  burst.size += n;
  delivered_ += n;
}

void UringReceiver::drop_rest() {
  if (delivered_ < datagrams_) slabs_.release(arrival_.shared, static_cast<std::uint16_t>(datagrams_ - delivered_));
  delivered_ = datagrams_;
}

std::uint64_t UringReceiver::pass_time() {
  if (pass_ns_ == 0) pass_ns_ = now_ns();
  return pass_ns_;
}

}  // namespace penstock::port

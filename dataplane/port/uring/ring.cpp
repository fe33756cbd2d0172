#include "dataplane/port/uring/ring.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace penstock::port {
namespace {

// Opcodes newer than liburing 2.3 knows. They tell a kernel's age where no feature bit does.
constexpr unsigned kOpReadMultishot = 49;  // 6.7

std::string why_no_ring(int error) {
  if (error == ENOSYS) return "this kernel has no io_uring; Penstock's uring port needs Linux 6.0 or newer";
  if (error == EPERM || error == EACCES) {
    int disabled = 0;
    std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
    if (disabled != 0) {
      return fmt::format(
          "io_uring is disabled here (kernel.io_uring_disabled = {}); run: sysctl kernel.io_uring_disabled=0",
          disabled);
    }
    return "io_uring is forbidden to this process; allow io_uring_setup, io_uring_enter and io_uring_register in the "
           "container's seccomp profile";
  }
  if (error == EINVAL) return "this kernel's io_uring is too old; Penstock's uring port needs Linux 6.0 or newer";
  if (error == ENOMEM) return "no memory for io_uring: raise the memory limit (LimitMEMLOCK= in the unit, ulimit -l)";
  if (error == EMFILE || error == ENFILE) return "out of file descriptors for io_uring: raise LimitNOFILE= (ulimit -n)";
  return fmt::format("cannot set up io_uring: {}", std::strerror(error));
}

// Multishot recvmsg came with zero-copy send, in 6.0, and has no feature bit of its own.
tl::expected<RingFeatures, std::string> probe(io_uring* ring) {
  io_uring_probe* probe = io_uring_get_probe_ring(ring);
  if (probe == nullptr) return tl::unexpected(why_no_ring(EINVAL));
  const bool multishot_recvmsg = io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
  RingFeatures features;
  features.send_address = probe->last_op >= kOpReadMultishot;
  io_uring_free_probe(probe);
  if (!multishot_recvmsg) return tl::unexpected(why_no_ring(EINVAL));
  return features;
}

}  // namespace

void Ring::Exit::operator()(io_uring* ring) const {
  io_uring_queue_exit(ring);
  delete ring;
}

tl::expected<Ring, std::string> Ring::create(unsigned submissions, unsigned completions, bool deferred) {
  auto memory = std::make_unique<io_uring>();
  // Best first: 6.1 and newer, then 6.0.
  constexpr unsigned kCommon = IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
  const unsigned best = kCommon | IORING_SETUP_SINGLE_ISSUER |
                        (deferred ? IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG : IORING_SETUP_COOP_TASKRUN);
  const unsigned older = kCommon | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
  int error = 0;
  unsigned used = 0;
  for (const unsigned flags : {best, older}) {
    io_uring_params params{};
    params.flags = used = flags;
    params.cq_entries = completions;
    error = -io_uring_queue_init_params(submissions, memory.get(), &params);
    if (error != EINVAL) break;
  }
  if (error != 0) return tl::unexpected(why_no_ring(error));
  Ring ring;
  ring.ring_.reset(memory.release());
  const auto features = probe(ring.get());
  if (!features) return tl::unexpected(features.error());
  ring.features_ = *features;
  ring.features_.deferred = (used & IORING_SETUP_DEFER_TASKRUN) != 0;
  return ring;
}

tl::expected<Ring, std::string> Ring::create_for_receive(unsigned submissions, unsigned completions) {
  return create(submissions, completions, true);
}

tl::expected<Ring, std::string> Ring::create_for_send(unsigned submissions) {
  return create(submissions, 2 * submissions, false);
}

void Ring::enable() {
  // liburing 2.3 declares io_uring_enable_rings, but does not export it.
  syscall(__NR_io_uring_register, ring_->ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  // Saves looking the descriptor up on every call; without it everything works the same.
  io_uring_register_ring_fd(ring_.get());
}

io_uring_sqe* Ring::submission() {
  io_uring_sqe* sqe = io_uring_get_sqe(ring_.get());
  if (sqe != nullptr) return sqe;
  io_uring_submit(ring_.get());
  return io_uring_get_sqe(ring_.get());
}

void Ring::enter() {
  io_uring_submit_and_get_events(ring_.get());
}

bool Ring::needs_enter() const {
  const unsigned flags = IO_URING_READ_ONCE(*ring_->sq.kflags);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0 || io_uring_sq_ready(ring_.get()) != 0;
}

}  // namespace penstock::port

#include "dataplane/port/kernel/netlink_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace penstock::port {
namespace {

// The kernel fills dump buffers of up to 32 KB (netlink_dump in its net/netlink/af_netlink.c).
constexpr std::size_t kBufferBytes = 32 * 1024;
// Room for some thousand notices, so that a burst of them is not lost at once.
constexpr int kNoticeBytes = 4 * 1024 * 1024;
constexpr timeval kAnswerTimeout{.tv_sec = 2, .tv_usec = 0};

tl::unexpected<std::string> failure(const char* what) {
  return tl::unexpected(fmt::format("cannot {} a netlink socket: {}", what, std::strerror(errno)));
}

/// What an NLMSG_ERROR says: 0 is an acknowledgement.
int error_in(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(int)) return EBADMSG;
  int error = 0;
  std::memcpy(&error, mnl_nlmsg_get_payload(&message), sizeof error);
  return -error;
}

}  // namespace

NetlinkSocket::NetlinkSocket(mnl_socket* socket) : socket_(socket), buffer_(kBufferBytes) {}

tl::expected<NetlinkSocket, std::string> NetlinkSocket::create() {
  mnl_socket* const raw = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (raw == nullptr) return failure("open");
  NetlinkSocket socket(raw);
  if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) < 0) return failure("bind");
  // Dumps of one routing table, and acknowledgements without the request in them.
  int on = 1;
  for (const int option : {NETLINK_GET_STRICT_CHK, NETLINK_CAP_ACK}) {
    if (mnl_socket_setsockopt(raw, option, &on, sizeof on) < 0) return failure("configure");
  }
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout);
  return socket;
}

tl::expected<NetlinkSocket, std::string> NetlinkSocket::subscribe(std::span<const unsigned> groups) {
  mnl_socket* const raw = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (raw == nullptr) return failure("open");
  NetlinkSocket socket(raw);
  if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) < 0) return failure("bind");
  if (setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kNoticeBytes, sizeof kNoticeBytes) < 0) {
    setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &kNoticeBytes, sizeof kNoticeBytes);
  }
  for (unsigned group : groups) {
    if (mnl_socket_setsockopt(raw, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) return failure("subscribe");
  }
  return socket;
}

int NetlinkSocket::ask(NetlinkRequest request, const OnMessage& on_answer) {
  nlmsghdr* const question = request.message();
  question->nlmsg_seq = ++sequence_;
  const bool dump = (question->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  const bool acknowledged = (question->nlmsg_flags & NLM_F_ACK) != 0;
  if (mnl_socket_sendto(socket_.get(), question, question->nlmsg_len) < 0) return errno;
  bool torn = false;
  for (;;) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    int left = static_cast<int>(size);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(m, left);
         m = mnl_nlmsg_next(m, &left)) {
      if (m->nlmsg_seq != sequence_) continue;  // the late answer to a request that timed out
      torn = torn || (m->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (m->nlmsg_type == NLMSG_ERROR) return error_in(*m);
      if (m->nlmsg_type == NLMSG_DONE) return torn ? EINTR : 0;
      if (on_answer) on_answer(*m);
      if (!dump && !acknowledged) return 0;
    }
  }
}

NetlinkSocket::Notices NetlinkSocket::take_notices(const OnMessage& on_notice) {
  const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
  if (size < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Notices::none;
    return errno == EINTR ? Notices::some : Notices::lost;
  }
  int left = static_cast<int>(size);
  for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(m, left);
       m = mnl_nlmsg_next(m, &left)) {
    if (m->nlmsg_type >= NLMSG_MIN_TYPE) on_notice(*m);
  }
  return Notices::some;
}

}  // namespace penstock::port

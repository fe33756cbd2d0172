#include "dataplane/port/uring/error_queue.h"

#include <linux/errqueue.h>
#include <sys/socket.h>

#include <cstring>

#include "dataplane/port/uring/socket_address.h"

namespace penstock::port {
namespace {

// One visit reads no more than this, so that a flood of ICMP errors cannot hold the worker; the rest waits for the
// next.
constexpr std::size_t kMaxPerVisit = 64;

// ICMP type 3 code 4 (RFC 1191) and ICMPv6 type 2 (RFC 4443) carry the next hop's MTU.
bool carries_mtu(const sock_extended_err& e) {
  return e.ee_origin == SO_EE_ORIGIN_ICMP ? e.ee_type == 3 && e.ee_code == 4 : e.ee_type == 2;
}

// The extended error of `m`, or false when it is not about an ICMP message.
bool find_icmp(msghdr& m, sock_extended_err& out) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
    const bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    const bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
    if (!v4 && !v6) continue;
    std::memcpy(&out, CMSG_DATA(c), sizeof out);
    return out.ee_origin == SO_EE_ORIGIN_ICMP || out.ee_origin == SO_EE_ORIGIN_ICMP6;
  }
  return false;
}

}  // namespace

std::size_t read_error_queue(const Socket& socket, net::LocalId local, IcmpErrorQueue& out) {
  for (std::size_t n = 0; n < kMaxPerVisit; ++n) {
    SocketAddress destination;
    // IP_RECVERR brings the offender's address along, IP_TOS or IPV6_TCLASS may come, too.
    alignas(cmsghdr) std::array<char, 256> control;
    iovec nothing{nullptr, 0};
    msghdr m{};
    m.msg_name = &destination;
    m.msg_namelen = sizeof destination;
    m.msg_iov = &nothing;
    m.msg_iovlen = 1;
    m.msg_control = control.data();
    m.msg_controllen = control.size();
    if (recvmsg(socket.fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return n;
    sock_extended_err e;
    if (!find_icmp(m, e)) continue;
    const net::Endpoint remote = decode(&destination, socket.v6);
    out.push({local, remote, e.ee_type, e.ee_code, carries_mtu(e) ? e.ee_info : 0});
  }
  return kMaxPerVisit;
}

}  // namespace penstock::port

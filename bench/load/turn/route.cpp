#include "bench/load/turn/route.h"

#include <netinet/udp.h>

#include <cstring>

namespace penstock::load {

void Route::append_control(int level, int type, const void* value, std::size_t bytes) {
  cmsghdr header{};
  header.cmsg_len = CMSG_LEN(bytes);
  header.cmsg_level = level;
  header.cmsg_type = type;
  std::uint8_t* at = control.data() + control_length;
  std::memcpy(at, &header, sizeof header);
  std::memcpy(at + CMSG_LEN(0), value, bytes);
  control_length += CMSG_SPACE(bytes);
}

void Route::set_source(const net::Address& source) {
  in_pktinfo info{};
  info.ipi_spec_dst.s_addr = htonl(source.v4_host_order());
  append_control(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

void Route::set_segment(std::uint16_t bytes) {
  append_control(IPPROTO_UDP, UDP_SEGMENT, &bytes, sizeof bytes);
}

bool Route::send(const std::uint8_t* data, std::size_t bytes) const {
  iovec slice{const_cast<std::uint8_t*>(data), bytes};
  SocketAddress to = destination;
  msghdr message{};
  message.msg_name = to.length != 0 ? &to.any : nullptr;
  message.msg_namelen = to.length;
  message.msg_iov = &slice;
  message.msg_iovlen = 1;
  message.msg_control = control_length != 0 ? const_cast<std::uint8_t*>(control.data()) : nullptr;
  message.msg_controllen = control_length;
  return ::sendmsg(fd, &message, MSG_DONTWAIT) == static_cast<ssize_t>(bytes);
}

}  // namespace penstock::load

#include "bench/load/turn/echo_peer.h"

#include <netinet/udp.h>

#include <cstring>

#include "bench/load/turn/packet_shape.h"

namespace penstock::load {

EchoPeer::EchoPeer(bool gro)
    : gro_(gro), slot_bytes_(gro ? 65'536 : 2048), slots_(gro ? 16 : kBurst), headers_(slots_.size()) {
  buffers_ = std::make_unique<std::uint8_t[]>(slot_bytes_ * slots_.size());
}

unsigned EchoPeer::reflect(int fd) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    slot.slice = {buffers_.get() + i * slot_bytes_, slot_bytes_};
    headers_[i].msg_hdr = {.msg_name = &slot.source.any,
                           .msg_namelen = sizeof(sockaddr_in6),
                           .msg_iov = &slot.slice,
                           .msg_iovlen = 1,
                           .msg_control = gro_ ? slot.control.data() : nullptr,
                           .msg_controllen = gro_ ? slot.control.size() : 0,
                           .msg_flags = 0};
  }
  const int got = recvmmsg(fd, headers_.data(), static_cast<unsigned>(headers_.size()), MSG_DONTWAIT, nullptr);
  if (got <= 0) return 0;
  unsigned datagrams = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(got); ++i) datagrams += turn_around(i);
  sendmmsg(fd, headers_.data(), static_cast<unsigned>(got), MSG_DONTWAIT);
  return datagrams;
}

unsigned EchoPeer::turn_around(unsigned message) {
  msghdr& header = headers_[message].msg_hdr;
  const std::size_t bytes = headers_[message].msg_len;
  header.msg_iov->iov_len = bytes;
  int segment = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      std::memcpy(&segment, CMSG_DATA(control), sizeof segment);
    }
  }
  const auto segment_bytes = static_cast<std::uint16_t>(segment);
  if (segment_bytes == 0 || bytes <= segment_bytes) {
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    return 1;
  }
  cmsghdr out{};
  out.cmsg_len = CMSG_LEN(sizeof segment_bytes);
  out.cmsg_level = IPPROTO_UDP;
  out.cmsg_type = UDP_SEGMENT;
  std::memcpy(header.msg_control, &out, sizeof out);
  std::memcpy(static_cast<std::uint8_t*>(header.msg_control) + CMSG_LEN(0), &segment_bytes, sizeof segment_bytes);
  header.msg_controllen = CMSG_SPACE(sizeof segment_bytes);
  return static_cast<unsigned>((bytes + segment_bytes - 1) / segment_bytes);
}

}  // namespace penstock::load

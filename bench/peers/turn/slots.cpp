#include "bench/peers/turn/slots.h"

#include <netinet/udp.h>

#include <cstring>

namespace penstock::peers {

Slots::Slots(bool gro) : gro_(gro), slot_bytes_(gro ? 65'536 : 2048) {
  buffers_ = std::make_unique<std::uint8_t[]>(slot_bytes_ * kBurst);
  for (unsigned i = 0; i < kBurst; ++i) {
    slices_[i].iov_base = buffers_.get() + i * slot_bytes_;
    headers_[i].msg_hdr.msg_name = &addresses_[i];
    headers_[i].msg_hdr.msg_iov = &slices_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
}

unsigned Slots::receive(int fd) {
  const unsigned first = used_;
  for (unsigned i = first; i < kBurst; ++i) {
    slices_[i].iov_len = slot_bytes_;
    msghdr& header = headers_[i].msg_hdr;
    header.msg_namelen = sizeof(sockaddr_in);
    header.msg_control = gro_ ? control_[i].data() : nullptr;
    header.msg_controllen = gro_ ? control_[i].size() : 0;
  }
  const int got = recvmmsg(fd, &headers_[first], kBurst - first, MSG_DONTWAIT, nullptr);
  if (got > 0) used_ += static_cast<unsigned>(got);
  return first;
}

void Slots::readdress(unsigned slot, const sockaddr_in& destination) {
  addresses_[slot] = destination;
  const std::size_t bytes = headers_[slot].msg_len;
  slices_[slot].iov_len = bytes;
  if (!gro_) return;
  msghdr& header = headers_[slot].msg_hdr;
  int segment = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      std::memcpy(&segment, CMSG_DATA(control), sizeof segment);
    }
  }
  if (segment == 0 || bytes <= static_cast<std::size_t>(segment)) {
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    return;
  }
  set_segment(header, control_[slot].data(), static_cast<std::uint16_t>(segment));
}

void GroupedSender::add(unsigned socket, unsigned slot) {
  const auto index = static_cast<std::uint8_t>(slot);
  next_[slot] = kNone;
  if (first_[socket] == kNone) {
    first_[socket] = index;
    touched_[touched_count_++] = socket;
  } else {
    next_[last_[socket]] = index;
  }
  last_[socket] = index;
}

void GroupedSender::send_chain(Slots& slots, unsigned slot, int fd) {
  if (next_[slot] == kNone) {
    const msghdr& only = slots.header(slot)->msg_hdr;
    if (only.msg_controllen == 0) {  // the shortest way into the kernel
      sendto(fd, only.msg_iov->iov_base, only.msg_iov->iov_len, MSG_DONTWAIT, static_cast<sockaddr*>(only.msg_name),
             only.msg_namelen);
    } else {
      sendmsg(fd, &only, MSG_DONTWAIT);
    }
    return;
  }
  unsigned count = 0;
  for (unsigned at = slot; at != kNone; at = next_[at]) chain_[count++] = *slots.header(at);
  gatherer_.send(fd, chain_.data(), count);
}

}  // namespace penstock::peers

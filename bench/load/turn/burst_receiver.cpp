#include "bench/load/turn/burst_receiver.h"

#include <netinet/in.h>
#include <netinet/udp.h>

namespace penstock::load {
namespace {

/// Trains fill 64 KB each: fewer of them per call, to stay in the cache.
constexpr unsigned kTrainBurst = 16;

}  // namespace

BurstReceiver::BurstReceiver(bool gro, std::size_t snap_bytes)
    : gro_(gro),
      slot_bytes_(gro ? 65'536 : snap_bytes),
      headers_(gro ? kTrainBurst : kBurst),
      slices_(headers_.size()),
      control_(headers_.size()) {
  buffers_ = std::make_unique<std::uint8_t[]>(slot_bytes_ * headers_.size());
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    slices_[i] = {buffers_.get() + i * slot_bytes_, slot_bytes_};
    headers_[i] = {};
    headers_[i].msg_hdr.msg_iov = &slices_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    if (gro) headers_[i].msg_hdr.msg_control = control_[i].data();
  }
}

unsigned BurstReceiver::receive_messages(int fd) {
  if (gro_) {
    for (auto& header : headers_) header.msg_hdr.msg_controllen = sizeof(Control);
  }
  // MSG_TRUNC: msg_len is the length on the wire, beyond what was kept.
  const int got =
      recvmmsg(fd, headers_.data(), static_cast<unsigned>(headers_.size()), MSG_DONTWAIT | MSG_TRUNC, nullptr);
  return got > 0 ? static_cast<unsigned>(got) : 0;
}

std::size_t BurstReceiver::segment_bytes(unsigned message) {
  if (!gro_) return 0;
  msghdr& header = headers_[message].msg_hdr;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != IPPROTO_UDP || control->cmsg_type != UDP_GRO) continue;
    int bytes = 0;
    std::memcpy(&bytes, CMSG_DATA(control), sizeof bytes);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }
  return 0;
}

}  // namespace penstock::load

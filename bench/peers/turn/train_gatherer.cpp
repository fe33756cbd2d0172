#include "bench/peers/turn/train_gatherer.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

namespace penstock::peers {
namespace {

/// One destination, one size, and neither is a train already.
bool may_share_a_train(const msghdr& a, const msghdr& b) {
  return a.msg_controllen == 0 && b.msg_controllen == 0 && a.msg_iov->iov_len == b.msg_iov->iov_len &&
         std::memcmp(a.msg_name, b.msg_name, sizeof(sockaddr_in)) == 0;
}

void send_all(int fd, mmsghdr* messages, unsigned count) {
  while (count > 0) {
    const int sent = sendmmsg(fd, messages, count, MSG_DONTWAIT);
    const unsigned done = sent > 0 ? static_cast<unsigned>(sent) : 1;
    messages += done;
    count -= done;
  }
}

}  // namespace

void set_segment(msghdr& header, void* control, std::uint16_t segment_bytes) {
  cmsghdr segment{};
  segment.cmsg_len = CMSG_LEN(sizeof segment_bytes);
  segment.cmsg_level = IPPROTO_UDP;
  segment.cmsg_type = UDP_SEGMENT;
  std::memcpy(control, &segment, sizeof segment);
  std::memcpy(static_cast<std::uint8_t*>(control) + CMSG_LEN(0), &segment_bytes, sizeof segment_bytes);
  header.msg_control = control;
  header.msg_controllen = CMSG_SPACE(sizeof segment_bytes);
}

void TrainGatherer::send(int fd, mmsghdr* messages, unsigned count) {
  if (gather_) {
    send_all(fd, trains_.data(), gather(messages, count));
  } else {
    send_all(fd, messages, count);
  }
}

unsigned TrainGatherer::gather(const mmsghdr* messages, unsigned count) {
  constexpr std::size_t kLargestSend = 65'000;
  unsigned trains = 0;
  for (unsigned first = 0, end = 0; first < count; first = end) {
    const msghdr& head = messages[first].msg_hdr;
    const std::size_t bytes = head.msg_iov->iov_len;
    for (end = first; end < count; ++end) {
      const bool another = end == first || may_share_a_train(head, messages[end].msg_hdr);
      if (!another || (end - first + 1) * bytes > kLargestSend) break;
      slices_[end] = *messages[end].msg_hdr.msg_iov;
    }
    if (end == first) slices_[end++] = *head.msg_iov;
    mmsghdr& train = trains_[trains];
    train = messages[first];
    train.msg_hdr.msg_iov = &slices_[first];
    train.msg_hdr.msg_iovlen = end - first;
    if (end - first > 1) set_segment(train.msg_hdr, control_[trains].data(), static_cast<std::uint16_t>(bytes));
    ++trains;
  }
  return trains;
}

}  // namespace penstock::peers

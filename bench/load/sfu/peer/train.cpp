#include "bench/load/sfu/peer/train.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace penstock::load::peer {

bool send_train(int fd, std::span<iovec> slices, std::size_t segment_bytes) {
  const std::size_t bytes = std::accumulate(slices.begin(), slices.end(), std::size_t{0},
                                            [](std::size_t sum, const iovec& slice) { return sum + slice.iov_len; });
  msghdr message{};
  message.msg_iov = slices.data();
  message.msg_iovlen = slices.size();
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  if (bytes > segment_bytes) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const segment = CMSG_FIRSTHDR(&message);
    segment->cmsg_level = IPPROTO_UDP;
    segment->cmsg_type = UDP_SEGMENT;
    segment->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(segment_bytes);
    std::memcpy(CMSG_DATA(segment), &size, sizeof size);
  }
  return sendmsg(fd, &message, MSG_DONTWAIT) >= 0;
}

}  // namespace penstock::load::peer

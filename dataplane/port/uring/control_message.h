#pragma once
// Ancillary data of datagrams: what the kernel says about a received one, and what we ask for with a sent one.

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace penstock::port {

/// Room for all that a receive may carry: TOS or traffic class, UDP_GRO, SO_RXQ_OVFL.
inline constexpr std::size_t kReceiveControlSize = 3 * CMSG_SPACE(sizeof(int));

/// What came with a received datagram or train.
struct ReceivedControl {
  std::uint8_t tos = 0;
  std::uint16_t segment = 0;  ///< bytes of each datagram of a train; 0 when it is none
  std::uint32_t drops = 0;    ///< what the socket has dropped since it was opened; 0 when not said
};

/// Reads the control messages of `size` bytes at `control`, aligned for cmsghdr. Ignores what it does not know.
inline ReceivedControl read_control(void* control, std::size_t size) {
  ReceivedControl result;
  msghdr m{};
  m.msg_control = control;
  m.msg_controllen = size;
  for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
    const unsigned char* data = CMSG_DATA(c);
    int number = 0;
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      result.tos = *data;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      std::memcpy(&number, data, sizeof number);
      result.tos = static_cast<std::uint8_t>(number);
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      std::memcpy(&number, data, sizeof number);
      result.segment = static_cast<std::uint16_t>(number);
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
      std::memcpy(&result.drops, data, sizeof result.drops);
    }
  }
  return result;
}

/// Control messages for one send.
class SendControl {
 public:
  void clear() { size_ = 0; }
  void put_tos(std::uint8_t tos, bool v6) {
    const int value = tos;
    v6 ? put(IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value) : put(IPPROTO_IP, IP_TOS, &value, sizeof value);
  }
  void put_segment(std::uint16_t segment) { put(IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment); }

  /// Puts them into `m`; they have to outlive the send.
  void attach_to(msghdr& m) {
    m.msg_control = size_ == 0 ? nullptr : bytes_.data();
    m.msg_controllen = size_;
  }

 private:
  void put(int level, int type, const void* data, std::size_t size) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memcpy(bytes_.data() + size_, &header, sizeof header);
    std::memcpy(bytes_.data() + size_ + CMSG_LEN(0), data, size);
    size_ += CMSG_SPACE(size);
  }

  std::size_t size_ = 0;
  alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(std::uint16_t))> bytes_;
};

}  // namespace penstock::port

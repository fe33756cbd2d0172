#pragma once
// Receives datagrams a burst at a time, trains whole where the kernel kept them together.

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "bench/load/turn/packet_shape.h"
#include "dataplane/stun/bytes.h"

namespace penstock::load {

/// Buffers for recvmmsg, to be used on any number of sockets in turn. One thread.
class BurstReceiver {
 public:
  /// Without `gro`, `snap_bytes` of each datagram are kept: copying what nobody reads only slows the generator down.
  BurstReceiver(bool gro, std::size_t snap_bytes);

  /// One recvmmsg on `fd`. For every datagram calls `each(kept bytes, length on the wire)`. Number of datagrams.
  template <class Each>
  unsigned receive(int fd, Each&& each) {
    const unsigned messages = receive_messages(fd);
    unsigned datagrams = 0;
    for (unsigned i = 0; i < messages; ++i) {
      const std::uint8_t* data = buffers_.get() + i * slot_bytes_;
      std::size_t left = headers_[i].msg_len;
      const std::size_t segment = segment_bytes(i);
      do {
        const std::size_t length = segment == 0 ? left : std::min(left, segment);
        each(stun::Bytes(data, std::min(length, slot_bytes_)), length);
        data += length;
        left -= length;
        ++datagrams;
      } while (left > 0);
    }
    return datagrams;
  }

  /// At most so many bursts from one socket, so that a flood on it cannot keep the caller.
  template <class Each>
  unsigned drain(int fd, unsigned bursts, Each&& each) {
    unsigned datagrams = 0;
    while (bursts-- > 0) {
      const unsigned got = receive(fd, each);
      datagrams += got;
      if (got < headers_.size()) break;
    }
    return datagrams;
  }

 private:
  using Control = std::array<std::uint8_t, 64>;

  unsigned receive_messages(int fd);
  /// Size of the datagrams a message was gathered from; 0 if it is a single one.
  std::size_t segment_bytes(unsigned message);

  bool gro_;
  std::size_t slot_bytes_;
  std::unique_ptr<std::uint8_t[]> buffers_;
  std::vector<mmsghdr> headers_;
  std::vector<iovec> slices_;
  std::vector<Control> control_;
};

}  // namespace penstock::load

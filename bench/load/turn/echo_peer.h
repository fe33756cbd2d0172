#pragma once
// A peer that sends everything back to where it came from.

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/load/turn/udp_socket.h"

namespace penstock::load {

/// Buffers for reflecting bursts; trains that arrived as one (UDP_GRO) leave as one (UDP_SEGMENT). One thread.
class EchoPeer {
 public:
  explicit EchoPeer(bool gro);
  /// One recvmmsg and one sendmmsg on `fd`; the number of datagrams sent back.
  unsigned reflect(int fd);

 private:
  struct Slot {
    SocketAddress source;
    iovec slice{};
    alignas(8) std::array<std::uint8_t, 64> control{};
  };

  /// Makes the received message one to send; the number of datagrams in it.
  unsigned turn_around(unsigned message);

  bool gro_;
  std::size_t slot_bytes_;
  std::unique_ptr<std::uint8_t[]> buffers_;
  std::vector<Slot> slots_;
  std::vector<mmsghdr> headers_;
};

}  // namespace penstock::load

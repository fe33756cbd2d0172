#pragma once
// Sends stamped datagrams from buffers built beforehand, with as few system calls as the sockets allow.

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/load/turn/packet_shape.h"
#include "bench/load/turn/stream.h"

namespace penstock::load {

/// Collects turns (a datagram or a train of one stream) up to a burst, then sends them: one sendmmsg for neighbours on
/// the same socket. All streams must frame alike. One thread.
class BurstSender {
 public:
  /// `framing_like` gives the size of what precedes and follows a payload.
  BurstSender(const Options& options, const Stream& framing_like, std::uint32_t run);

  bool full() const { return turns_ == turns_max_; }
  /// Adds the next turn of `stream`, stamped `now_ns`.
  void add(Stream& stream, std::uint64_t now_ns);
  /// Sends what was added; the number of datagrams the kernel took. What it refused is gone, and counted.
  unsigned flush();

  std::uint64_t refused() const { return refused_; }

 private:
  unsigned send_neighbours(unsigned first, unsigned end);

  std::uint32_t run_;
  unsigned train_;
  unsigned entries_per_turn_;  ///< 1 for a train the kernel cuts up
  std::size_t payload_bytes_;
  std::size_t datagram_bytes_;
  unsigned turns_max_;
  unsigned turns_ = 0;
  std::uint64_t refused_ = 0;
  std::unique_ptr<std::uint8_t[]> buffers_;
  std::vector<mmsghdr> headers_;
  std::vector<iovec> slices_;
  std::vector<int> fds_;
};

}  // namespace penstock::load

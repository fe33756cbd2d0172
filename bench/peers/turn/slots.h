#pragma once
// Bursts of datagrams in place: received into slots, sent out of them.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/peers/turn/train_gatherer.h"

namespace penstock::peers {

/// Buffers and headers for a burst of 64 datagrams (with `gro`, of 64 trains).
class Slots {
 public:
  explicit Slots(bool gro);

  unsigned used() const { return used_; }
  bool full() const { return used_ == kBurst; }
  void clear() { used_ = 0; }
  /// Receives into the free slots; returns the first of the new ones, used() is the end of them.
  unsigned receive(int fd);

  const sockaddr_in& source(unsigned slot) const { return addresses_[slot]; }
  /// Makes the received datagram one to send to `destination`; a train stays a train.
  void readdress(unsigned slot, const sockaddr_in& destination);
  mmsghdr* header(unsigned slot) { return &headers_[slot]; }

 private:
  using Control = std::array<std::uint8_t, 64>;

  bool gro_;
  std::size_t slot_bytes_;
  unsigned used_ = 0;
  std::unique_ptr<std::uint8_t[]> buffers_;
  std::array<mmsghdr, kBurst> headers_{};
  std::array<iovec, kBurst> slices_{};
  std::array<sockaddr_in, kBurst> addresses_{};
  alignas(8) std::array<Control, kBurst> control_{};
};

/// Sends a burst whose datagrams leave by different sockets: one system call per socket, order kept within each.
class GroupedSender {
 public:
  GroupedSender(std::size_t sockets, bool gather) : first_(sockets, kNone), last_(sockets, kNone), gatherer_(gather) {}

  void add(unsigned socket, unsigned slot);
  /// `fd_of(socket)` gives the descriptor.
  template <class FdOf>
  void flush(Slots& slots, FdOf&& fd_of) {
    for (unsigned i = 0; i < touched_count_; ++i) {
      const unsigned socket = touched_[i];
      send_chain(slots, first_[socket], fd_of(socket));
      first_[socket] = kNone;
    }
    touched_count_ = 0;
  }

 private:
  static constexpr std::uint8_t kNone = 0xff;

  void send_chain(Slots& slots, unsigned slot, int fd);

  std::vector<std::uint8_t> first_;  ///< per socket, its first and last slot of this burst
  std::vector<std::uint8_t> last_;
  std::array<std::uint8_t, kBurst> next_{};
  std::array<unsigned, kBurst> touched_{};
  unsigned touched_count_ = 0;
  std::array<mmsghdr, kBurst> chain_{};
  TrainGatherer gatherer_;
};

}  // namespace penstock::peers

#pragma once
// ICMP errors from a socket's error queue (IP_RECVERR, IPV6_RECVERR).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/port/port.h"
#include "dataplane/port/uring/socket_table.h"

namespace penstock::port {

/// A bounded queue of ICMP errors; the newest are lost when nobody takes them.
class IcmpErrorQueue {
 public:
  void push(const IcmpError& e) {
    if (size_ == errors_.size()) return;
    errors_[(first_ + size_++) % errors_.size()] = e;
  }
  std::size_t take(std::span<IcmpError> out);
  bool empty() const { return size_ == 0; }

 private:
  std::array<IcmpError, 256> errors_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

/// Empties the socket's error queue into `out`, which also clears the error that the next call on the socket would
/// return. Errors that this host made itself are skipped. Returns how many entries were read.
std::size_t read_error_queue(const Socket& socket, net::LocalId local, IcmpErrorQueue& out);

}  // namespace penstock::port

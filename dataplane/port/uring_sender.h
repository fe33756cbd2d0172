#pragma once
// A burst to submissions: the sending half of uring_port.

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>

#include "dataplane/net/burst.h"
#include "dataplane/port/control_message.h"
#include "dataplane/port/error_queue.h"
#include "dataplane/port/gather.h"
#include "dataplane/port/ring.h"
#include "dataplane/port/socket_address.h"
#include "dataplane/port/socket_table.h"
#include "dataplane/port/train_grouping.h"
#include "dataplane/port/train_refusals.h"

namespace penstock::port {

/// Sends bursts. Every send completes while it is submitted (MSG_DONTWAIT), so packets are freed right after, and only
/// failures make completions.
class UringSender {
 public:
  UringSender(Ring& ring, SocketTable& sockets, IcmpErrorQueue& icmp_errors, PortCounters& counters, bool gso);

  /// Makes the calling thread the sending one.
  void start() { ring_.enable(); }

  /// Sends, counts and frees.
  void transmit(net::Burst& burst);

 private:
  /// One send: a chain of packets of the burst, and what the kernel reads until it is done.
  struct Send {
    net::LocalId local = net::kNoLocal;
    std::uint16_t first = 0;
    std::uint16_t count = 0;
    std::uint32_t segment = 0;
    std::uint32_t bytes = 0;
    msghdr message{};
    SocketAddress destination;
    SendControl control;
  };

  void send_group(const Group& group);
  void prepare(Send& send, const Socket& socket, iovec* vectors);
  void submit(const Socket& socket, const Group& part);
  void prepare_submission(io_uring_sqe& sqe, int fd, const msghdr& message) const;
  void flush();
  void void_unsubmitted();

  void on_failure(const Send& send, int error);
  static int send_now(const Socket& socket, const Send& send);
  void send_singly(Socket& socket, const Send& train, int error);
  void drop(std::uint32_t packets, std::uint32_t bytes, net::Drop reason);

  Ring& ring_;
  SocketTable& sockets_;
  IcmpErrorQueue& icmp_errors_;
  PortCounters& counters_;
  const bool gso_;
  TrainGrouping grouping_;
  TrainRefusals refusals_;

  net::Burst* burst_ = nullptr;        // the one being sent
  std::uint32_t dropped_packets_ = 0;  // of it
  std::uint64_t dropped_bytes_ = 0;
  std::uint32_t sends_ = 0;    // prepared and not yet flushed
  std::uint32_t vectors_ = 0;  // that they use
  std::array<Send, net::kBurstCapacity> send_;
  std::array<iovec, kPiecesPerPacket * net::kBurstCapacity> vector_;
};

}  // namespace penstock::port

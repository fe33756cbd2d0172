#pragma once
// A burst to submissions: the sending half of the io_uring port.

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>

#include "dataplane/net/burst.h"
#include "dataplane/port/uring/control_message.h"
#include "dataplane/port/uring/error_queue.h"
#include "dataplane/port/uring/gather.h"
#include "dataplane/port/uring/ring.h"
#include "dataplane/port/uring/socket_address.h"
#include "dataplane/port/uring/socket_table.h"
#include "dataplane/port/uring/train_grouping.h"
#include "dataplane/port/uring/train_refusals.h"

namespace penstock::port {

/// Sends bursts. Every send is done when the call that makes it returns (MSG_DONTWAIT), so packets are freed right
/// after. Several sends of one socket go by sendmmsg, which costs 0.2 us less per send than submissions do; the single
/// sends of many sockets go as submissions in one call, and only failures make completions.
class UringSender {
 public:
  UringSender(Ring& ring, SocketTable& sockets, IcmpErrorQueue& icmp_errors, PortCounters& counters, bool gso);

  /// Makes the calling thread the sending one.
  void start() { ring_.enable(); }

  /// Sends, counts and frees.
  void transmit(net::Burst& burst);

 private:
  /// A send that waits for the flush, in the order of its socket.
  struct Queued {
    Group part;
    std::uint16_t next = 0;
  };
  /// The sends of one socket.
  struct Run {
    net::LocalId local = net::kNoLocal;
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    std::uint16_t count = 0;
  };
  /// What the kernel reads of a send, beside its message header.
  struct Prepared {
    Group part;
    net::LocalId local = net::kNoLocal;
    SocketAddress destination;
    SendControl control;
  };

  void send_group(const Group& group);
  void enqueue(Socket& socket, const Group& part);
  void flush();
  iovec* prepare(const Group& part, bool v6, Prepared& prepared, msghdr& message, iovec* pieces) const;
  void send_run(const Socket& socket, net::LocalId local, std::uint32_t begin, std::uint32_t end);
  void submit_single(const Socket& socket, std::uint32_t at);
  void complete_singles();
  void void_unsubmitted();

  void on_failure(std::uint32_t at, int error);
  void send_singly(const Socket& socket, const Group& train, int error);
  void drop(const Group& part, net::Drop reason);

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

  std::uint32_t flush_ = 1;  // numbers flushes, to know the runs of this one
  std::uint32_t queued_count_ = 0;
  std::uint32_t run_count_ = 0;
  std::array<Queued, net::kBurstCapacity> queued_;
  std::array<Run, net::kBurstCapacity> runs_;
  std::array<Prepared, net::kBurstCapacity> prepared_;
  std::array<mmsghdr, net::kBurstCapacity> messages_{};
  std::array<iovec, kPiecesPerPacket * net::kBurstCapacity> pieces_;
};

}  // namespace penstock::port

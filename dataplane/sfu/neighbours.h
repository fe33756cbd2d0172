#pragma once
// The lanes between the SFUs of a process's workers. A packet crosses to each other worker that has a mirror of its
// track once, by reference: it is lent, and comes back by a lane of its own, so that its count of references, its pool
// and its bytes are one thread's at a time (DESIGN.md, decision 5).

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/mailbox.h"
#include "dataplane/port/port.h"
#include "dataplane/rtp/sender_report_clock.h"
#include "dataplane/sfu/forward/publisher_clock.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

/// A packet of a track for its mirror. What changes seldom rides along, so that one that is lost is made good by the
/// next.
struct SharedPacket {
  TrackSlot mirror = kNoSlot;  ///< on the receiving worker
  std::uint32_t generation = 0;
  std::uint32_t restarts = 0;  ///< how often the encoding's numbers began anew
  std::uint8_t encoding = 0;
  std::uint8_t active = 0;  ///< bit per encoding: packets come
  bool keep_short = false;  ///< the lender's store is filling up
  std::uint8_t reserved = 0;
  StoredPacket stored;  ///< its packet is lent
};

/// Sender reports: the clocks of an encoding, and of who publishes it. Sent when a report comes, which is once a second
/// or so: a lost one is made good by the next.
struct SharedClocks {
  TrackSlot mirror = kNoSlot;
  std::uint32_t generation = 0;
  std::uint32_t encoding = 0;
  std::uint32_t restarts = 0;  ///< of the encoding: the clock is of that source alone
  rtp::SenderReportClock encoding_clock;
  PublisherClock publisher_clock;
};

/// Somebody at a mirror cannot go on without a key frame. Repeated while that is so.
struct Wish {
  TrackSlot track = kNoSlot;  ///< the origin
  std::uint32_t generation = 0;
  std::uint32_t encoding = 0;
};

/// From one worker to another: what tracks of the first give to mirrors on the second, and what comes back for it.
struct Road {
  net::Mailbox<SharedPacket> packets;
  net::Mailbox<SharedClocks> clocks;
  net::Mailbox<net::Packet*> returned;  ///< the other way: as many as may be lent at once, so it is never full
  net::Mailbox<Wish> wishes;            ///< the other way
};

/// A media endpoint that a worker has bound: others may send from it.
struct Door {
  net::LocalId local = net::kNoLocal;  ///< the worker's own number
  port::DetachedLocal lent;            ///< see port::Port::lend()
};

struct NeighbourOptions {
  std::uint16_t workers = 1;
  unsigned packets = 2048;     ///< on their way between two workers, at most; what does not fit is lost
  unsigned clocks = 256;       ///< likewise
  unsigned wishes = 256;       ///< likewise
  std::uint32_t lent = 16384;  ///< packets that one worker may have of another's

  /// What suits so many workers with media stores of `media_packets`: the more there are, the less goes over each road.
  static NeighbourOptions suiting(std::uint16_t workers, std::uint32_t media_packets);
};

/// Made before the workers, and outlives them. One end of each lane is one worker's thread.
class Neighbours {
 public:
  /// `name` tells several in one process apart (tests). The error is a sentence that says what to do.
  static tl::expected<std::unique_ptr<Neighbours>, std::string> create(const std::string& name,
                                                                       const NeighbourOptions& options);

  std::uint16_t workers() const { return workers_; }
  std::uint32_t most_lent() const { return most_lent_; }
  /// Two different workers.
  Road& road(std::uint16_t from, std::uint16_t to) { return *roads_[from * std::size_t{workers_} + to]; }

  /// Written by the worker at its start, before it sends anything to anybody.
  std::vector<Door>& doors(std::uint16_t worker) { return doors_[worker]; }

  /// Bytes of the environment's memory that create() takes.
  static std::uint64_t bytes(const NeighbourOptions& options);

 private:
  Neighbours() = default;

  std::uint16_t workers_ = 0;
  std::uint32_t most_lent_ = 0;
  std::vector<std::vector<Door>> doors_;      ///< by worker
  std::vector<std::unique_ptr<Road>> roads_;  ///< by sender and receiver; nothing from a worker to itself
};

}  // namespace penstock::sfu

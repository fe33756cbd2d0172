#pragma once
// Published packets that wait to be forwarded: by track, so that a subscription is offered all of a track's packets in
// a row, and in turns, so that a track with thousands of subscriptions holds nobody else up.
//
// A batch is the packets of one track that came before its forwarding began; what comes later makes the track's next
// batch. Each batch remembers the subscription that it has come to, for a pass may end in its middle.

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "dataplane/sfu/parameters.h"
#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

/// One packet, by value: a later one may take its place in the ring. Holds a reference to the payload for that reason.
struct WaitingPacket {
  StoredPacket stored;
  std::uint16_t next;      ///< of the same batch, plus one; 0: the last
  std::uint16_t restarts;  ///< of its encoding when it came: numbers are continuous while that stays
  std::uint8_t encoding;
};

struct WaitingBatch {
  TrackSlot track;
  std::uint16_t first, last;  ///< packets, plus one
  std::uint16_t count;
  bool begun;
  SubscriptionSlot at;   ///< the next to be offered it, plus one; once begun
  std::uint16_t later;   ///< the track's next batch, plus one; 0: none
  std::uint16_t behind;  ///< in the round of those that may go on, plus one
  std::uint32_t sent;    ///< packets that came of it so far
};

/// What waits of one track. Zero bytes: nothing.
struct WaitingQueue {
  std::uint16_t oldest, newest;  ///< batches, plus one
  std::uint16_t packets;
};

class Backlog {
 public:
  static constexpr std::size_t kCapacity = 1024;  ///< packets
  /// So that a subscription's share of a pass is bounded, and its packets fit one batch of the cipher.
  static constexpr std::uint16_t kMostOfBatch = 64;

  Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;
  ~Backlog();

  bool empty() const { return round_first_ == 0; }
  /// More has come lately than was forwarded.
  bool crowded() const { return places_ < kCapacity * 3 / 4; }

  /// Behind what is there of the track. False when its queue is too long: a track may have as many packets waiting as
  /// there are places free, so one that cannot keep up leaves half of them to others, two leave a third, and so on
  /// (dynamic thresholds; Choudhury and Hahne, 1998).
  bool add(TrackSlot track, WaitingQueue& queue, std::uint8_t encoding, std::uint16_t restarts,
           const StoredPacket& packet);

  /// The batch whose turn it is; not when empty. It stays valid until done().
  WaitingBatch& current() { return batches_[round_first_ - 1U]; }
  /// WaitingPacket::next leads from WaitingBatch::first to the others, WaitingBatch::later from WaitingQueue::oldest.
  const WaitingPacket& packet(std::uint16_t number) const { return packets_[number - 1U]; }
  const WaitingBatch& batch(std::uint16_t number) const { return batches_[number - 1U]; }
  /// The current batch has had its turn; the next one's comes.
  void yield();
  /// The current batch was offered to all. Its packets stay until reclaim().
  void done(WaitingQueue& queue);
  /// Nobody reads packets of batches that are done any more; each(batch) sees every one of them first.
  template <class Each>
  void reclaim(Each&& each) {
    while (done_ != 0) {
      const std::uint16_t batch = done_;
      done_ = batches_[batch - 1U].behind;
      each(std::as_const(batches_[batch - 1U]));
      release(batch);
    }
  }

  /// A subscription leaves the list of its track: a batch that has come to it goes on with `next` (plus one).
  void skip(const WaitingQueue& queue, SubscriptionSlot slot, SubscriptionSlot next);
  /// Drops all that waits of a track.
  void forget(WaitingQueue& queue);

 private:
  void enter_round(std::uint16_t batch);
  void leave_round();
  void release(std::uint16_t batch);

  std::array<WaitingPacket, kCapacity> packets_;
  std::array<WaitingBatch, kCapacity> batches_;
  std::uint16_t free_packets_ = 0, free_batches_ = 0;  ///< lists, plus one
  std::uint16_t places_ = kCapacity;                   ///< packets on the free list
  std::uint16_t round_first_ = 0, round_last_ = 0;     ///< the oldest batch of each track, plus one
  std::uint16_t done_ = 0;                             ///< list, plus one
};

}  // namespace penstock::sfu

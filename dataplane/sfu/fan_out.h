#pragma once
// Published packets to all who subscribed to them: decide, begin a header, encrypt in batches, send.
//
// A burst's packets are gathered by track and then offered to one subscription after the other, all of a track's
// packets in a row: a subscription's memory is fetched once per burst, and a receiver's packets leave one behind the
// other, as a train where the port can. A pass does a part of it, tracks by turns: a room with thousands of receivers
// delays no other.

#include <cstdint>

#include "dataplane/sfu/backlog.h"
#include "dataplane/sfu/core.h"
#include "dataplane/sfu/forward/outgoing.h"
#include "dataplane/sfu/forward/source.h"
#include "dataplane/sfu/look_ahead.h"
#include "dataplane/sfu/protect_batch.h"

namespace penstock::sfu {

/// One per worker.
class FanOut {
 public:
  /// `core` outlives it.
  explicit FanOut(Core& core) : core_(core), batch_(core), look_ahead_(core) {}

  /// A packet of the track's encoding, which is in its ring, goes to those subscriptions that want it, with work().
  void forward(TrackSlot track, std::uint32_t encoding, const StoredPacket& packet);
  /// A bounded part of what there is to forward, encrypted and sent. True when there is more.
  bool work();
  /// What waits of its track is offered to the subscription now, and sent: it is about to leave.
  void catch_up(SubscriptionSlot slot);
  /// To one subscription alone: what came before it was here. It stays in its ring until send().
  void offer(SubscriptionSlot slot, std::uint32_t encoding, const StoredPacket& packet);

  /// A packet that its receiver has lost; it stays in its ring until send().
  void resend(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet);
  /// What was sent again leaves.
  void send() { batch_.flush(); }

  /// A subscription leaves the list of its track, where `next` (plus one) follows it.
  void step_over(TrackSlot track, SubscriptionSlot slot, SubscriptionSlot next) {
    backlog_.skip(core_.tracks[track].waiting, slot, next);
  }
  /// A track ends: nothing of it is forwarded any more.
  void forget(TrackSlot track) { backlog_.forget(core_.tracks[track].waiting); }

 private:
  /// What a subscription was sent of one burst.
  struct Tally {
    std::uint32_t packets = 0;
    std::uint64_t payload_bytes = 0;
  };

  void take_turn(Work& work);
  void walk(WaitingBatch& batch, Work& work);
  std::uint32_t offer(const Source& source, SubscriptionSlot slot, const WaitingBatch& batch);
  void send_all();
  void offer(const Source& source, SubscriptionSlot slot, std::uint32_t encoding, const StoredPacket& packet,
             Tally& tally);
  void account(SubscriptionSlot slot, const Tally& tally);
  void show_layers(SubscriptionSlot slot);
  bool emit(SubscriptionSlot slot, const Outgoing& outgoing, const StoredPacket& packet);
  std::uint32_t abs_send_time();
  void write_header(net::Packet* out, const Subscription& subscription, const rtp::FixedHeader& header,
                    const StoredPacket& packet, std::size_t payload_bytes);

  Core& core_;
  Backlog backlog_;
  ProtectBatch batch_;
  LookAhead look_ahead_;
  std::uint64_t sent_ns_ = 0;
  std::uint32_t abs_send_time_ = 0;  ///< at sent_ns_
};

/// What forwarding needs to know of a track.
Source source_of(const Track& track);

}  // namespace penstock::sfu

#pragma once
// Memory of the subscriptions that a track's packets come to next, fetched while the present one is worked on.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// For walks along the lists of tracks. The list itself would tell only the next one, and only once that has been
/// fetched; so every subscription remembers, as a hint, who came kDistance places behind it the last time.
class LookAhead {
 public:
  explicit LookAhead(Core& core) : core_(core) {}

  /// A walk begins, or goes on where it was left if no other track's came in between.
  void resume(TrackSlot track) {
    if (track_ == track) return;
    track_ = track;
    passed_ = {};
    coming_ = {};
  }
  /// `at` is worked on now.
  void step(SubscriptionSlot slot, Subscription& at) {
    const std::size_t place = step_++ % kDistance;
    if (passed_[place] != nullptr) passed_[place]->behind = {slot + 1, at.parameters.endpoint + 1};
    passed_[place] = &at;
    // Fetched half the distance ago: what it points to can be told now.
    follow(coming_[(place + kDistance / 2) % kDistance]);
    coming_[place] = at.behind;
    fetch(at.behind);
  }

 private:
  static constexpr std::size_t kDistance = 6;

  void fetch(const Behind& hint) const {
    if (hint.subscription == 0) return;
    const Subscription& subscription = core_.subscriptions[hint.subscription - 1];
    __builtin_prefetch(&subscription, 1);
    subscription.forwarder.prefetch();
    __builtin_prefetch(&subscription.header);
    __builtin_prefetch(&subscription.parameters);
    const EndpointSlot endpoint = hint.endpoint - 1;
    __builtin_prefetch(&core_.endpoints[endpoint]);
    __builtin_prefetch(&core_.histories[endpoint], 1);
    __builtin_prefetch(&core_.board.subscriptions[hint.subscription - 1].packets, 1);
    __builtin_prefetch(&core_.board.endpoints[endpoint].sent_packets, 1);
    core_.cipher->prefetch(send_context(endpoint));
  }
  void follow(const Behind& hint) const {
    if (hint.subscription == 0) return;
    const SubscriptionSlot slot = hint.subscription - 1;
    const Forwarder& forwarder = core_.subscriptions[slot].forwarder;
    forwarder.prefetch_history();
    SentPackets({&core_.sent[std::size_t{slot} * kSentRecords], kSentRecords}).prefetch(forwarder.newest_sent() + 1);
    core_.histories[hint.endpoint - 1].prefetch_next();
  }

  Core& core_;
  TrackSlot track_ = kNoSlot;
  std::size_t step_ = 0;
  std::array<Subscription*, kDistance> passed_{};
  std::array<Behind, kDistance> coming_{};
};

}  // namespace penstock::sfu

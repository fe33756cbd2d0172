#pragma once
// What an endpoint takes along when it moves to another worker.

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/port/port.h"
#include "dataplane/rtp/send_history.h"
#include "dataplane/sfu/core.h"
#include "dataplane/sfu/transfer.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::sfu {

struct MovedSubscription {
  Subscription subscription;
  SubscriptionStatus status;
  std::array<SentRecord, kSentRecords> sent;
  std::array<std::uint32_t, kMostEncodings> restarts;  ///< of the source's encodings, as far as it was forwarded
};

/// Packed by the old worker, unpacked by the new one; secret, because of the keys.
struct Luggage {
  explicit Luggage(std::size_t subscription_count) : subscriptions(subscription_count) {}
  ~Luggage();

  Endpoint endpoint;
  EndpointStatus status;
  srtp::MasterKeys keys;
  PastStreams past_streams;
  rtp::SendHistory history;
  std::vector<MovedSubscription> subscriptions;  ///< as many as Transfer::places()
};

}  // namespace penstock::sfu

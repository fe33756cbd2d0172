#pragma once
// Control's updates of a worker's forwarding tables. An update is applied whole, between two passes.

#include <cstdint>
#include <variant>
#include <vector>

#include "dataplane/engine/message.h"
#include "dataplane/engine/service.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::sfu {

/// `generation` tells users of a slot apart, in status and in handshake datagrams; never 0.
struct AddEndpoint {
  EndpointSlot slot = kNoSlot;
  std::uint32_t generation = 0;
  EndpointParameters parameters;
};
/// Its tracks and subscriptions were removed before, in the same update or an earlier one.
struct RemoveEndpoint {
  EndpointSlot slot = kNoSlot;
};
/// An ICE restart (RFC 8445 section 9): media goes on over the selected pair until a check with the new credentials
/// comes.
struct RestartIce {
  EndpointSlot slot = kNoSlot;
  IceCredentials ice;
};
/// What the handshake came to. Installing again replaces.
struct InstallKeys {
  EndpointSlot slot = kNoSlot;
  srtp::MasterKey receive;
  srtp::MasterKey send;
};
struct LimitPublisher {
  EndpointSlot slot = kNoSlot;
  std::uint64_t max_publish_bit_rate = 0;
};
/// A new track, or new parameters of one; subscriptions keep referring to it.
struct SetTrack {
  TrackSlot slot = kNoSlot;
  std::uint32_t generation = 0;
  TrackParameters parameters;
};
/// Subscriptions that still refer to it have nothing to forward from then on.
struct RemoveTrack {
  TrackSlot slot = kNoSlot;
};
struct SetSubscription {
  SubscriptionSlot slot = kNoSlot;
  std::uint32_t generation = 0;
  SubscriptionParameters parameters;
};
struct RemoveSubscription {
  SubscriptionSlot slot = kNoSlot;
};
/// Asks the publisher for key frames of all encodings.
struct RequestKeyFrame {
  TrackSlot slot = kNoSlot;
};

using Operation = std::variant<AddEndpoint, RemoveEndpoint, RestartIce, InstallKeys, LimitPublisher, SetTrack,
                               RemoveTrack, SetSubscription, RemoveSubscription, RequestKeyFrame>;

/// Owned by control; it stays as it is until SfuService::applied() has reached `number`.
struct Update {
  std::uint64_t number = 0;  ///< counts up from 1, per worker
  std::vector<Operation> operations;
};

enum class MessageKind : std::uint8_t {
  update,  ///< const Update*
  count_
};

inline engine::Message message(const Update* update) {
  engine::Message m{};
  m.service = static_cast<std::uint8_t>(engine::ServiceId::sfu);
  m.kind = static_cast<std::uint8_t>(MessageKind::update);
  m.put(update);
  return m;
}

}  // namespace penstock::sfu

#pragma once
// Control's updates of a worker's forwarding tables. They are applied in order, operation by operation; a large one
// takes several passes, and media flows between.

#include <cstdint>
#include <variant>
#include <vector>

#include "dataplane/engine/message.h"
#include "dataplane/engine/service.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::sfu {

class Transfer;

/// `generation` tells users of a slot apart, in status and in handshake datagrams; never 0.
struct AddEndpoint {
  EndpointSlot slot = kNoSlot;
  std::uint32_t generation = 0;
  EndpointParameters parameters;
};
/// Its tracks and subscriptions were removed before, in the same update or an earlier one. Also ends what an endpoint
/// that moved away has left behind (see MoveEndpoint).
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
/// A new track or mirror, or new parameters of one; subscriptions keep referring to it. What makes it a mirror of which
/// track does not change as long as its generation is the same.
struct SetTrack {
  TrackSlot slot = kNoSlot;
  std::uint32_t generation = 0;
  TrackParameters parameters;
};
/// Subscriptions that still refer to it have nothing to forward from then on. A track forgets its mirrors; their slots
/// on other workers are removed by updates of those. Either side may go first.
struct RemoveTrack {
  TrackSlot slot = kNoSlot;
};
/// To the worker of `track`: its packets go to `mirror` of another worker as well, which a SetTrack has made or will
/// make there; packets for a generation that is not there (yet, or any more) are lost. One mirror per track and worker:
/// another one replaces it.
struct AddMirror {
  TrackSlot track = kNoSlot;
  std::uint16_t worker = kNoWorker;
  TrackSlot mirror = kNoSlot;
  std::uint32_t mirror_generation = 0;
};
/// Nothing happens when there is none.
struct RemoveMirror {
  TrackSlot track = kNoSlot;
  std::uint16_t worker = kNoWorker;
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
/// To the worker that an endpoint is on: it and its subscriptions go to another worker, without a packet lost or sent
/// twice. It publishes nothing, and the tracks and mirrors that it will refer to there are in place: control has waited
/// for applied() of both workers and of the origins' workers. See transfer.h for what is filled in and what follows.
struct MoveEndpoint {
  EndpointSlot slot = kNoSlot;
  Transfer* transfer = nullptr;  ///< control's; it stays until its state is done
};

using Operation =
    std::variant<AddEndpoint, RemoveEndpoint, RestartIce, InstallKeys, LimitPublisher, SetTrack, RemoveTrack, AddMirror,
                 RemoveMirror, SetSubscription, RemoveSubscription, RequestKeyFrame, MoveEndpoint>;

/// Owned by control; it stays as and where it is until SfuService::applied() has reached `number`.
struct Update {
  std::uint64_t number = 0;  ///< counts up from 1, per worker
  std::vector<Operation> operations;
  mutable const Update* next = nullptr;  ///< the worker's: its list of updates that wait
};

enum class MessageKind : std::uint8_t {
  update,      ///< const Update*, from control
  transfer,    ///< Transfer*, between workers
  learn_pair,  ///< between workers: home_pairs.h
  count_
};

template <class Body>
engine::Message message(std::uint16_t from, MessageKind kind, const Body& body) {
  engine::Message m{};
  m.from = from;
  m.service = static_cast<std::uint8_t>(engine::ServiceId::sfu);
  m.kind = static_cast<std::uint8_t>(kind);
  m.put(body);
  return m;
}
inline engine::Message message(const Update* update) {
  return message(engine::kControl, MessageKind::update, update);
}

}  // namespace penstock::sfu

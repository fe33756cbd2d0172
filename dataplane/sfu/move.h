#pragma once
// An endpoint goes to another worker: packed by the one, unpacked by the other. Its client goes on sending to the UDP
// port of the worker it was made on, its home, which hands over what comes; and what is sent to it leaves from that
// port, too.

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/engine/message.h"
#include "dataplane/rtp/send_history.h"
#include "dataplane/sfu/core.h"
#include "dataplane/sfu/transfer.h"
#include "dataplane/sfu/update.h"
#include "dataplane/sfu/work.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::sfu {

/// A pair by the numbers of the home worker's port.
struct MovedPair {
  Pair pair;
  net::Endpoint remote;
  net::LocalId local = net::kNoLocal;
};

struct MovedSubscription {
  Subscription subscription;
  SubscriptionStatus status;
  std::array<SentRecord, kSentRecords> sent;
  std::uint64_t packed_ns = 0;  ///< what had come to its source, on the old worker, was offered by then
};

/// Packed by the old worker, unpacked by the new one; secret, because of the keys.
struct Luggage {
  explicit Luggage(std::size_t subscription_count) : subscriptions(subscription_count) {}
  ~Luggage();

  Endpoint endpoint;
  std::array<MovedPair, Endpoint::kMostPairs> pairs;
  Home home;  ///< seen from the new worker; nowhere else: it has come home
  EndpointStatus status;
  srtp::MasterKeys keys;
  srtp::ContextState sending;
  PastStreams past_streams;
  rtp::SendHistory history;
  std::vector<MovedSubscription> subscriptions;  ///< as many as Transfer::places()
  std::size_t done = 0;                          ///< of them: packed, then unpacked
  Transfer* next = nullptr;                      ///< of the queue that it is in
};

// The old worker's side.

/// Packs some of it and, when all is packed, sends it. False when it has to be called again in the next pass.
bool move_endpoint(Core& core, const MoveEndpoint& move, Work& work);
/// Once per pass: those that are packed, but found no room on their way. True when some are left.
bool send_departures(Core& core);
/// A packet of an endpoint that is not here any more: to the worker that it is on. Ends the packet.
void forward_to_new_worker(Core& core, const Endpoint& endpoint, net::Packet* p);

// The new worker's side.

/// The endpoint itself at once, so that packets that follow it find it.
void take_in(Core& core, Transfer& transfer);
/// Subscriptions that came; true when some are left.
bool unpack(Core& core, Work& work);
/// A packet that another worker handed over: its local endpoint in this worker's numbering. False when there is none.
bool localise(Core& core, net::Packet* p);

}  // namespace penstock::sfu

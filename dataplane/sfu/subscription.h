#pragma once
// A track to a receiver, as its worker sees it.

#include <cstdint>

#include "dataplane/rtp/header_template.h"
#include "dataplane/sfu/forward/forwarder.h"
#include "dataplane/sfu/forward/receiver_view.h"
#include "dataplane/sfu/forward/retransmission_pacer.h"
#include "dataplane/sfu/forward/sender_state.h"
#include "dataplane/sfu/forward/sent_packets.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// Zero bytes: a free slot.
struct Subscription {
  Forwarder forwarder;
  // What every packet needs besides.
  rtp::HeaderTemplate header;
  std::uint32_t generation;  ///< 0: free
  bool offered;              ///< the receiver was ready when the last packet came
  bool sent_since_report;    ///< something, since the last sender report
  SentCounts counts;
  SubscriptionParameters parameters;
  // Lists; plus one, 0: none.
  SubscriptionSlot next_of_track, previous_of_track;
  SubscriptionSlot next_of_endpoint, previous_of_endpoint;
  // Retransmission.
  std::uint64_t rtx_sequence;  ///< next; the low 16 bits go into the header
  std::uint64_t entered_ns;    ///< arrival of the key frame that it last switched to
  // The receiver's own wishes for key frames: the next that is heeded, and how long the one after that has to wait.
  std::uint64_t next_wish_ns, wish_pause_ns;
  RetransmissionPacer pacer;
  ReceiverView receiver;
};

struct Core;

/// How a packet of ours is begun: what the subscription negotiated, at fixed places.
void make_headers(Subscription& subscription);

/// It has no source any more, or another one is about to come.
void detach(Core& core, SubscriptionSlot slot);

}  // namespace penstock::sfu

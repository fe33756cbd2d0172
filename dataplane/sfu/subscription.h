#pragma once
// A track to a receiver, as its worker sees it.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/rtp/header_template.h"
#include "dataplane/sfu/forward/forwarder.h"
#include "dataplane/sfu/forward/receiver_view.h"
#include "dataplane/sfu/forward/retransmission_pacer.h"
#include "dataplane/sfu/forward/sender_state.h"
#include "dataplane/sfu/forward/sent_packets.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// The subscription that comes a few places behind one in its track's list, and its receiver; plus one, 0: not known.
/// Learned while walking the list, to fetch memory ahead. A hint: what it names may have changed hands.
struct Behind {
  SubscriptionSlot subscription;
  EndpointSlot endpoint;
};

/// Zero bytes: a free slot. Laid out by access: a packet touches the first line, the forwarder's first lines, and the
/// two of the header and what lies beside it.
struct alignas(64) Subscription {
  static constexpr std::uint32_t kNothingShown = UINT32_MAX;

  // What every burst needs.
  SubscriptionSlot next_of_track;  ///< plus one, like the other links; 0: none
  Behind behind;
  std::uint32_t generation;  ///< 0: free
  std::uint32_t shown;       ///< of layers, by the board: see show_layers()
  /// Of the source's encodings, as far as it was offered them: behind one the numbers are others.
  std::array<std::uint16_t, kMostEncodings> restarts;
  bool offered;            ///< the receiver was ready when the last packet came
  bool sent_since_report;  ///< something, since the last sender report
  bool recorded;           ///< its sent records were written to: the next user of the slot has to find them cleared
  SentCounts counts;
  RetransmissionPacer pacer;
  std::uint64_t entered_ns;  ///< arrival of the key frame that it last switched to
  // What every packet needs besides.
  Forwarder forwarder;
  alignas(64) rtp::HeaderTemplate header;
  SubscriptionParameters parameters;
  // Seldom.
  SubscriptionSlot previous_of_track;
  SubscriptionSlot next_of_endpoint, previous_of_endpoint;
  std::uint64_t rtx_sequence;  ///< next; the low 16 bits go into the header
  // The receiver's own wishes for key frames: the next that is heeded, and how long the one after that has to wait.
  std::uint64_t next_wish_ns, wish_pause_ns;
  ReceiverView receiver;
};
static_assert(offsetof(Subscription, forwarder) == 64, "one line before it");

struct Core;

/// How a packet of ours is begun: what the subscription negotiated, at fixed places.
void make_headers(Subscription& subscription);

/// It has no source any more, or another one is about to come.
void detach(Core& core, SubscriptionSlot slot);

}  // namespace penstock::sfu

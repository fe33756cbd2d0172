#pragma once
// Before the load: neighbours find each other, and every client gets its allocation and its channel.

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/frames/gateway.h"
#include "bench/load/frames/link.h"
#include "bench/load/turn/negotiator.h"

namespace penstock::frames {

class Dialogue {
 public:
  /// All must outlive it. The gateway knows the relay.
  Dialogue(Link& link, Gateway& gateway, const Cast& cast, const std::string& user, const std::string& password,
           unsigned concurrency);

  /// Allocate and ChannelBind for everybody, authenticated. The error says what was refused.
  tl::expected<void, std::string> establish();
  /// Gives the allocations back; a relay that no longer answers is left alone.
  void release();

  /// Of every flow, once established.
  std::vector<net::Endpoint> relayed() const;
  const load::NegotiationTally& tally() const { return negotiator_.tally(); }
  double seconds() const { return seconds_; }

 private:
  void send(std::uint32_t client, stun::Bytes request);
  void turn_over();

  Link& link_;
  Gateway& gateway_;
  const Cast& cast_;
  load::Credentials credentials_;
  std::vector<load::TurnClient> clients_;
  load::Negotiator negotiator_;
  double seconds_ = 0;
};

}  // namespace penstock::frames

#pragma once
// The one interface by which a service (turn, sfu) plugs into a worker.

#include <array>
#include <cstdint>

#include "dataplane/engine/message.h"
#include "dataplane/net/burst.h"
#include "dataplane/port/port.h"

namespace penstock::engine {

/// Which service a flow belongs to.
enum class ServiceId : std::uint8_t { none, turn, sfu, count_ };

class Service {
 public:
  virtual ~Service() = default;

  /// Packets of this service's flows and local endpoints, one burst's worth, in order of arrival. Every packet must be
  /// sent, consumed, handed over or dropped through the shard before this returns. info.flow is set where the flow
  /// table knew the (local, remote) pair.
  virtual void process(net::Burst& burst) = 0;

  /// Packets another worker handed over: info as the sender left it, info.local in the sender's numbering and so
  /// meaningless here. Same duty as process(), until advance() of the same pass returns.
  virtual void process_handed_over(net::Burst& burst) = 0;

  /// Once per pass, behind those: a bounded part of what they left to do, so that a pass stays short. True when there is
  /// more of it.
  virtual bool work() { return false; }

  /// A message from control or another worker.
  virtual void on_message(const Message& message) = 0;

  virtual void on_icmp_error(const port::IcmpError& error) = 0;

  /// Once per pass, after the packets; `budget` bounds the expired timers to handle. Returns true when work is left.
  virtual bool advance(std::uint64_t now_ns, unsigned budget) = 0;
};

}  // namespace penstock::engine

#pragma once
// What TURN services tell each other, and control tells them. Bodies of engine::Message, by kind.

#include <cstdint>

#include "dataplane/engine/message.h"
#include "dataplane/engine/service.h"
#include "dataplane/port/port.h"
#include "dataplane/stun/attributes.h"
#include "turn/guard/quota_messages.h"
#include "turn/relay_directory.h"

namespace penstock::turn {

struct CompiledSettings;

enum class MessageKind : std::uint8_t {
  // from control
  new_settings,  ///< NewSettings
  begin_drain,   ///< no body: no new allocations, existing ones are served
  end_drain,     ///< no body: every allocation ends now, with EndReason::drained
  survey,        ///< Survey*, of control: what allocations there are
  end_one,       ///< EndOrder*, of control: ends one allocation, with EndReason::operator_ended
  // between workers
  reserve,             ///< Reserve, to the user's home: may it have one more allocation?
  reserve_answer,      ///< ReserveAnswer
  release,             ///< Release, to the user's home: an allocation has ended
  lease_request,       ///< LeaseRequest, to the user's home
  lease_grant,         ///< LeaseGrant
  reservation_ask,     ///< ReservationAsk, to the worker a token names
  reservation_answer,  ///< ReservationAnswer
  count_
};

/// A reload. `settings` stays valid until TurnService::settings_generation() of every worker has reached `generation`
/// of a later message. Generations count up from 1; the settings given at construction are generation 0.
struct NewSettings {
  const CompiledSettings* settings = nullptr;
  std::uint64_t generation = 0;
};

/// Names an Allocate that waits at the asking worker.
struct PendingId {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

/// A reserved port is paid for by who reserved it. The same user claims it as it is; another pays for it first, and
/// then asks again.
struct ReservationAsk {
  stun::ReservationToken token{};
  PendingId pending;
  UserId user;
  bool paid = false;
};

struct ReservationAnswer {
  PendingId pending;
  RelayPort port;  ///< port 0: unknown or expired, or
  bool pay_first = false;
  port::DetachedLocal detached;
};
static_assert(kFitsMessage<ReservationAsk> && kFitsMessage<ReservationAnswer>);

inline engine::Message message(MessageKind kind, std::uint16_t from = engine::kControl) {
  engine::Message m{};
  m.from = from;
  m.service = static_cast<std::uint8_t>(engine::ServiceId::turn);
  m.kind = static_cast<std::uint8_t>(kind);
  return m;
}
template <class Body>
engine::Message message(MessageKind kind, const Body& body, std::uint16_t from = engine::kControl) {
  engine::Message m = message(kind, from);
  m.put(body);
  return m;
}

}  // namespace penstock::turn

#include "turn/mail.h"

#include "turn/admission.h"
#include "turn/survey.h"

namespace penstock::turn {
namespace {

template <class Body>
void answer(Core& core, std::uint16_t to, MessageKind kind, const Body& body) {
  if (!core.outbox.post(to, message(kind, body, core.worker))) core.stats.messages_lost.add();
}

void on_reserve(Core& core, const engine::Message& m) {
  answer(core, m.from, MessageKind::reserve_answer, core.ledger.reserve(m.get<Reserve>(), core.now_ns));
}

void on_lease_request(Core& core, const engine::Message& m) {
  answer(core, m.from, MessageKind::lease_grant, core.ledger.lease(m.get<LeaseRequest>(), core.now_ns));
}

void on_lease_grant(Core& core, const LeaseGrant& grant) {
  if (grant.user == kEverybody) {
    core.everybody.grant(grant);
    return;
  }
  const std::uint32_t share = core.shares.find(grant.user);
  if (share != kNone) core.shares[share].grant(grant);
}

// The port leaves this worker with the answer; whoever claims it enters itself as its owner.
void on_reservation_ask(Core& core, const engine::Message& m) {
  answer(core, m.from, MessageKind::reservation_answer, claim_reservation(core, m.get<ReservationAsk>()));
}

}  // namespace

void handle_mail(Core& core, const engine::Message& m) {
  switch (static_cast<MessageKind>(m.kind)) {
    case MessageKind::begin_drain:
      core.draining = true;
      return;
    case MessageKind::end_drain:
      core.draining = true;
      core.drain_at = 0;
      return;
    case MessageKind::survey:
      return answer_survey(core, *m.get<Survey*>());
    case MessageKind::end_one:
      return carry_out(core, *m.get<EndOrder*>());
    case MessageKind::reserve:
      return on_reserve(core, m);
    case MessageKind::reserve_answer:
      return on_reserve_answer(core, m.get<ReserveAnswer>());
    case MessageKind::release:
      return core.ledger.release(m.get<Release>(), core.now_ns);
    case MessageKind::lease_request:
      return on_lease_request(core, m);
    case MessageKind::lease_grant:
      return on_lease_grant(core, m.get<LeaseGrant>());
    case MessageKind::reservation_ask:
      return on_reservation_ask(core, m);
    case MessageKind::reservation_answer:
      return on_reservation_answer(core, m.get<ReservationAnswer>());
    case MessageKind::new_settings:
    case MessageKind::count_:
      return;
  }
}

}  // namespace penstock::turn

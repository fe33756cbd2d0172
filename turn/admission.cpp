#include "turn/admission.h"

#include <algorithm>
#include <utility>

#include "turn/allocate_answer.h"
#include "turn/ending.h"
#include "turn/flows.h"
#include "turn/make_allocation.h"

namespace penstock::turn {
namespace {

using Stage = AllocateStage;

// What a stage came to.
enum class Progress : std::uint8_t {
  on,       // go on with p.stage
  waiting,  // for another worker's answer
  held_up,  // by a full mailbox: try again
};

std::uint64_t cookie_of(std::uint32_t index, const PendingAllocate& p) {
  return std::uint64_t{p.generation} << 32 | index;
}

// The pending Allocate that an answer is for, if it still waits.
PendingAllocate* find(Core& core, std::uint32_t index, std::uint32_t generation) {
  if (index >= core.pending.ever_taken()) return nullptr;
  PendingAllocate& p = core.pending[index];
  return p.asked && p.generation == generation ? &p : nullptr;
}

Stage after_refusal(const PendingAllocate& p) {
  if (p.paid) return Stage::release_total;
  return p.stage == Stage::total_quota ? Stage::release_user : Stage::done;
}

void refuse(Core& core, PendingAllocate& p, stun::Error error) {
  p.sent = answer_error(core, p.answer_to, &p.authentication, error);
  core.flows.erase(p.flow);
  p.flow = net::kNoFlow;
  p.stage = after_refusal(p);
}

void on_verdict(Core& core, PendingAllocate& p, ReserveVerdict verdict) {
  if (verdict == ReserveVerdict::granted) {
    const Stage next = p.request.has_token ? Stage::reservation : Stage::make;
    p.paid = p.stage == Stage::total_quota;
    p.stage = p.paid ? next : Stage::total_quota;
    return;
  }
  core.stats.quota_denied.add();
  // 486 says "you have too many"; that all together have too many is a lack of capacity (RFC 8656 section 7.2).
  const bool own_quota = p.stage == Stage::user_quota && verdict == ReserveVerdict::quota_reached;
  refuse(core, p, own_quota ? stun::Error::allocation_quota_reached : stun::Error::insufficient_capacity);
}

Progress ask_quota(Core& core, std::uint32_t index, PendingAllocate& p, const UserId& user) {
  const Reserve reserve{user, cookie_of(index, p), p.allocations()};
  const std::uint16_t home = home_worker(user, core.workers);
  if (home == core.worker) {
    on_verdict(core, p, core.ledger.reserve(reserve, core.now_ns).verdict);
    return Progress::on;
  }
  p.asked = core.outbox.post(home, message(MessageKind::reserve, reserve, core.worker));
  return p.asked ? Progress::waiting : Progress::held_up;
}

void on_reserved_port(Core& core, PendingAllocate& p, const ReservationAnswer& answer) {
  if (answer.pay_first) {
    p.stage = Stage::user_quota;
    return;
  }
  if (answer.port.port == 0) {
    refuse(core, p, stun::Error::insufficient_capacity);
    return;
  }
  p.reserved = {answer.port, answer.detached};
  p.paid = true;  // by this Allocate, or by the one that reserved the port
  p.stage = Stage::make;
}

Progress ask_reservation(Core& core, std::uint32_t index, PendingAllocate& p) {
  const std::uint16_t holder = worker_of(p.request.token);
  const ReservationAsk ask{p.request.token, {index, p.generation}, p.authentication.who.user, p.paid};
  if (holder == core.worker || holder >= core.workers) {
    on_reserved_port(core, p, claim_reservation(core, ask));
    return Progress::on;
  }
  p.asked = core.outbox.post(holder, message(MessageKind::reservation_ask, ask, core.worker));
  return p.asked ? Progress::waiting : Progress::held_up;
}

Progress make(Core& core, PendingAllocate& p) {
  const auto allocation = make_allocation(core, p);
  if (!allocation) {
    refuse(core, p, allocation.error());
    return Progress::on;
  }
  p.sent = answer_allocate(core, *allocation, p.answer_to, p.authentication);
  p.stage = Stage::done;
  return Progress::on;
}

Progress give_back(Core& core, PendingAllocate& p, const UserId& user, Stage next) {
  const std::uint16_t home = home_worker(user, core.workers);
  const Release release{user, p.allocations()};
  if (home == core.worker) {
    core.ledger.release(release, core.now_ns);
  } else if (!core.outbox.try_post(home, message(MessageKind::release, release, core.worker))) {
    return Progress::held_up;
  }
  p.stage = next;
  return Progress::on;
}

Progress step(Core& core, std::uint32_t index, PendingAllocate& p) {
  switch (p.stage) {
    case Stage::user_quota:
      return ask_quota(core, index, p, p.authentication.who.user);
    case Stage::total_quota:
      return ask_quota(core, index, p, kEverybody);
    case Stage::reservation:
      return ask_reservation(core, index, p);
    case Stage::make:
      return make(core, p);
    case Stage::release_total:
      return give_back(core, p, kEverybody, Stage::release_user);
    case Stage::release_user:
      return give_back(core, p, p.authentication.who.user, Stage::done);
    case Stage::done:
      break;
  }
  return Progress::on;
}

// As far as it goes. Returns whether the answer, if there was one, could be sent.
bool run(Core& core, std::uint32_t index) {
  PendingAllocate& p = core.pending[index];
  Progress progress = Progress::on;
  while (progress == Progress::on && p.stage != Stage::done) progress = step(core, index, p);
  if (progress == Progress::held_up) {
    p.next = core.first_to_run;
    core.first_to_run = index;
  }
  const bool sent = p.sent;
  if (p.stage == Stage::done) core.pending.give(index);
  return sent;
}

}  // namespace

Handled admit_allocate(Core& core, const AllocateRequest& wish, const Request& request) {
  const std::uint32_t index = core.pending.take();
  if (index == kNone) return refuse(core, request, stun::Error::insufficient_capacity);
  PendingAllocate& p = core.pending[index];
  const std::uint32_t generation = p.generation + 1;
  p = {};
  p.generation = generation;
  p.request = wish;
  if (wish.has_token) p.stage = Stage::reservation;
  p.answer_to = request.answer_to;
  p.authentication = request.authentication;
  const std::string_view name = request.authentication.who.name;
  p.user_size = static_cast<std::uint8_t>(std::min(name.size(), p.user_name.size()));
  std::copy_n(name.begin(), p.user_size, p.user_name.begin());
  p.authentication.who.name = {};  // pointed into the request

  const FiveTuple& client = p.answer_to.client;
  p.flow = core.flows.insert(client.local, client.remote);
  if (p.flow == net::kNoFlow) {
    core.pending.give(index);
    return refuse(core, request, stun::Error::insufficient_capacity);
  }
  describe(core.flows[p.flow], FlowKind::pending, index);
  return answered(run(core, index));
}

ReservationAnswer claim_reservation(Core& core, const ReservationAsk& ask) {
  const auto user = core.reservations.user_of(ask.token, core.now_ns);
  if (!user) return {ask.pending, {}, false, {}};
  const bool same = *user == ask.user;
  if (!same && !ask.paid) return {ask.pending, {}, true, {}};
  const auto claimed = core.reservations.claim(ask.token, core.now_ns);
  if (!same) release_reserved(core, *user);
  return {ask.pending, claimed->port.port, false, claimed->port.detached};
}

void on_reserve_answer(Core& core, const ReserveAnswer& answer) {
  const auto index = static_cast<std::uint32_t>(answer.cookie);
  PendingAllocate* p = find(core, index, static_cast<std::uint32_t>(answer.cookie >> 32));
  if (p == nullptr) return;  // cannot be: an Allocate waits until it has its answer
  p->asked = false;
  on_verdict(core, *p, answer.verdict);
  run(core, index);
}

void on_reservation_answer(Core& core, const ReservationAnswer& answer) {
  PendingAllocate* p = find(core, answer.pending.index, answer.pending.generation);
  if (p == nullptr) {
    if (answer.port.port != 0) core.ports.discard({answer.port, answer.detached});
    return;
  }
  p->asked = false;
  on_reserved_port(core, *p, answer);
  run(core, answer.pending.index);
}

bool run_held_up_allocates(Core& core) {
  std::uint32_t index = std::exchange(core.first_to_run, kNone);
  while (index != kNone) {
    const std::uint32_t next = core.pending[index].next;
    run(core, index);
    index = next;
  }
  return core.first_to_run != kNone;
}

}  // namespace penstock::turn

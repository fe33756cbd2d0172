#include "turn/core.h"

#include "dataplane/engine/clock.h"
#include "dataplane/stun/bytes.h"

namespace penstock::turn {
namespace {

constexpr std::uint64_t kTimerTickNs = 100 * engine::kNsPerMs;
// A relayed packet's payload is charged with its UDP header: both are the IP payload that limits are given in.
constexpr std::uint32_t kUdpHeaderBytes = 8;

void ask_for_lease(Core& core, UserShare& share, Direction direction) {
  const std::uint16_t home = home_worker(share.user(), core.workers);
  const LeaseRequest request = share.lease_request(direction);
  if (home == core.worker) {
    share.grant(core.ledger.lease(request, core.now_ns));
  } else if (!core.outbox.try_post(home, message(MessageKind::lease_request, request, core.worker))) {
    share.lease_request_lost(direction);
  }
}

bool spend(Core& core, UserShare& share, Direction direction, std::uint32_t bytes) {
  const bool passed = share.spend(direction, bytes, core.now_ns);
  if (!share.wants_lease(direction)) return passed;
  ask_for_lease(core, share, direction);
  return passed || share.spend(direction, bytes, core.now_ns);
}

}  // namespace

Core::Core(const CoreOptions& options, const FixedSettings& fixed_settings, SharedState& shared, Host& host_,
           engine::FlowTable& flow_table, std::shared_ptr<const CompiledSettings> compiled)
    : fixed(fixed_settings),
      directory(shared.directory),
      host(host_),
      flows(flow_table),
      worker(options.worker),
      workers(options.workers),
      now_ns(options.now_ns),
      random(shared.random(options.worker)),
      settings(compiled.get()),
      authenticator(compiled->credentials, shared.nonce_secret, compiled->settings.nonce_lifetime_s),
      answer_limiter(compiled->settings.answer_rates, options.workers, random.next()),
      ledger(fixed.allocations_per_worker * options.workers, compiled->settings.user_limits,
             compiled->settings.total_limits, random.next()),
      shares(fixed.allocations_per_worker, compiled->settings.user_limits, random.next()),
      ports(directory, host, random, stats.port_in_use_retries, options.worker, options.workers),
      allocations(fixed.allocations_per_worker, directory, options.worker),
      permissions(fixed.permissions_per_worker, random.next()),
      channels(fixed.channels_per_worker, random.next(), flows),
      reservations(kReservations, options.worker),
      pending(kPendingAllocates),
      deleted(random.next()),
      outbox(host, options.workers, 2 * fixed.allocations_per_worker + 4 * kPendingAllocates + 2 * kReservations),
      timers(fixed.allocations_per_worker, kTimerTickNs, options.now_ns),
      indication_salt(random.next()),
      first_settings_(std::move(compiled)) {
  everybody.start(kEverybody, rate_plan(settings->settings.total_limits));
  metered = shares.limited() || rate_plan(settings->settings.total_limits).limited();
  stats.allocations_capacity.set(allocations.capacity());
  stats.permissions_capacity.set(permissions.capacity());
  stats.channels_capacity.set(channels.capacity());
}

stun::TransactionId Core::next_indication_id() {
  const std::uint64_t mixed = (++indications ^ indication_salt) * 0x9ddfea08eb382d69ULL;
  stun::TransactionId id;
  stun::store_be64(id.data(), mixed ^ mixed >> 32);
  stun::store_be32(&id[8], static_cast<std::uint32_t>(indications));
  return id;
}

bool may_pass(Core& core, const Allocation& allocation, Direction direction, std::size_t size) {
  if (!core.metered) return true;
  const auto bytes = static_cast<std::uint32_t>(size) + kUdpHeaderBytes;
  UserShare& share = core.shares[allocation.share];
  if (!spend(core, share, direction, bytes)) return false;
  if (spend(core, core.everybody, Direction::to_peer, bytes)) return true;
  share.give_back(direction, bytes);  // what everybody's limit denies, the user has not had
  return false;
}

}  // namespace penstock::turn

#pragma once
// One worker's share of the TURN service: everything the transformations and requests work on. It sees spans,
// endpoints, ids and a time; packets, sockets, threads and clocks are behind Host.

#include <cstdint>
#include <memory>

#include "dataplane/engine/flow_table.h"
#include "dataplane/engine/timer_wheel.h"
#include "turn/allocation_table.h"
#include "turn/channel_table.h"
#include "turn/compiled_settings.h"
#include "turn/deleted_allocations.h"
#include "turn/guard/answer_limiter.h"
#include "turn/guard/authenticator.h"
#include "turn/guard/user_ledger.h"
#include "turn/guard/user_share.h"
#include "turn/guard/user_shares.h"
#include "turn/host.h"
#include "turn/outbox.h"
#include "turn/pending_allocate.h"
#include "turn/permission_table.h"
#include "turn/random.h"
#include "turn/relay_ports.h"
#include "turn/reservations.h"
#include "turn/settings.h"
#include "turn/shared_state.h"
#include "turn/stats.h"

namespace penstock::turn {

struct CoreOptions {
  std::uint16_t worker = 0;
  std::uint16_t workers = 1;
  std::uint64_t now_ns = 0;
};

struct Core {
  Core(const CoreOptions& options, const FixedSettings& fixed_settings, SharedState& shared, Host& host_,
       engine::FlowTable& flow_table, std::shared_ptr<const CompiledSettings> compiled);

  /// Allocates that may wait for other workers at a time; more are refused with 508.
  static constexpr std::uint32_t kPendingAllocates = 1024;
  /// Reserved ports held at a time.
  static constexpr std::uint32_t kReservations = 1024;

  const FixedSettings& fixed;
  RelayDirectory& directory;
  Host& host;
  engine::FlowTable& flows;
  const std::uint16_t worker;
  const std::uint16_t workers;

  /// Of the pass.
  std::uint64_t now_ns;
  std::uint64_t unix_s = 0;

  Stats stats;
  Random random;
  const CompiledSettings* settings;

  // who may
  Authenticator authenticator;
  AnswerLimiter answer_limiter;
  UserLedger ledger;
  UserShares shares;
  UserShare everybody;   ///< this worker's share of the total rates
  bool metered = false;  ///< some rate is limited: ask the shares for every packet

  // what there is
  RelayPorts ports;
  AllocationTable allocations;
  PermissionTable permissions;
  ChannelTable channels;
  Reservations reservations;
  Pool<PendingAllocate> pending;
  DeletedAllocations deleted;
  Outbox outbox;

  // what is to be done in time
  engine::TimerWheel timers;          ///< by allocation
  std::uint32_t first_ended = kNone;  ///< allocations whose record or release is still to be sent, oldest first
  std::uint32_t last_ended = kNone;
  std::uint32_t first_to_run = kNone;  ///< pending Allocates that could not post
  std::uint32_t sweep_at = kNone;      ///< next allocation to look at again after a reload; kNone: none
  std::uint32_t drain_at = kNone;      ///< next allocation to end at the end of a drain; kNone: not draining so
  bool draining = false;
  std::uint64_t indications = 0;  ///< made so far, for their transaction ids
  std::uint64_t indication_salt;

  /// Whose allocation it is; known until its slot is free again.
  const UserId& user_of(std::uint32_t allocation) const { return shares.user(allocations[allocation].share); }

  /// A transaction id for an indication. Nobody answers indications, so it need not be secret, only different.
  stun::TransactionId next_indication_id();

 private:
  std::shared_ptr<const CompiledSettings> first_settings_;  ///< later ones are kept alive by control
};

/// Whether the limits let a packet of `size` payload bytes pass; if so it is charged. Free where nothing is limited.
bool may_pass(Core& core, const Allocation& allocation, Direction direction, std::size_t size);

}  // namespace penstock::turn

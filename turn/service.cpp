#include "turn/service.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "turn/core.h"
#include "turn/icmp_to_data.h"
#include "turn/mail.h"
#include "turn/packet_path.h"
#include "turn/reload.h"
#include "turn/shard_host.h"
#include "turn/timers.h"

namespace penstock::turn {

struct TurnService::Inner {
  Inner(engine::Shard& shard_, const FixedSettings& fixed, SharedState& shared,
        std::shared_ptr<const CompiledSettings> settings, net::Mailbox<EndedRecord>* records)
      : shard(shard_),
        host(shard_, records),
        core({shard_.worker(), shard_.workers(), shard_.now_ns()}, fixed, shared, host, shard_.flows(),
             std::move(settings)),
        packet_path(shard_, core) {}

  // Both clocks of the pass.
  void set_time() {
    core.now_ns = shard.now_ns();
    core.unix_s = static_cast<std::uint64_t>(std::time(nullptr));
  }

  engine::Shard& shard;
  ShardHost host;
  Core core;
  PacketPath packet_path;
};

namespace {

std::string bind_sentence(const net::Endpoint& endpoint, port::BindError error) {
  switch (error) {
    case port::BindError::in_use:
      return fmt::format(
          "cannot listen on {}: another program has that port; stop it, or choose another address or port "
          "(listen.addresses)",
          net::to_string(endpoint));
    case port::BindError::no_address:
      return fmt::format(
          "cannot listen on {}: this host does not have that address; see 'ip addr' and listen.addresses",
          net::to_string(endpoint));
    case port::BindError::no_resources:
      break;
  }
  return fmt::format("cannot listen on {}: descriptors or memory are used up; raise RLIMIT_NOFILE",
                     net::to_string(endpoint));
}

// What bytes and bit fields of the tables can count.
tl::expected<void, std::string> check_sizes(const FixedSettings& fixed, std::uint16_t workers) {
  constexpr std::uint32_t kMostAllocations = 1U << 24;
  if (fixed.relay_addresses.size() > RelayDirectory::kMostAddresses) {
    return tl::unexpected(fmt::format("{} relay addresses are configured; at most {} are possible",
                                      fixed.relay_addresses.size(), RelayDirectory::kMostAddresses));
  }
  if (workers > RelayDirectory::kMostWorkers) {
    return tl::unexpected(
        fmt::format("{} workers are configured; at most {} are possible", workers, RelayDirectory::kMostWorkers));
  }
  if (fixed.allocations_per_worker > kMostAllocations) {
    return tl::unexpected(fmt::format("{} allocations per worker are configured; at most {} are possible",
                                      fixed.allocations_per_worker, kMostAllocations));
  }
  return {};
}

}  // namespace

TurnService::TurnService(engine::Shard& shard, const FixedSettings& fixed, SharedState& shared,
                         std::shared_ptr<const CompiledSettings> settings, net::Mailbox<EndedRecord>* records)
    : inner_(std::make_unique<Inner>(shard, fixed, shared, std::move(settings), records)) {}

TurnService::~TurnService() = default;

tl::expected<void, std::string> TurnService::start() {
  if (auto good = check_sizes(inner_->core.fixed, inner_->shard.workers()); !good) return good;
  for (const net::Endpoint& endpoint : inner_->core.fixed.listen) {
    const auto local = inner_->shard.port().bind(endpoint, {.shared = true, .icmp_errors = false});
    if (!local) return tl::unexpected(bind_sentence(endpoint, local.error()));
    inner_->shard.claim(*local, engine::ServiceId::turn);
  }
  return {};
}

void TurnService::process(net::Burst& burst) {
  inner_->set_time();
  inner_->packet_path.process(burst);
}

void TurnService::process_handed_over(net::Burst& burst) {
  inner_->set_time();
  inner_->packet_path.process_handed_over(burst);
}

void TurnService::on_message(const engine::Message& message) {
  inner_->set_time();
  if (static_cast<MessageKind>(message.kind) != MessageKind::new_settings) return handle_mail(inner_->core, message);
  const auto reload = message.get<NewSettings>();
  use_settings(inner_->core, *reload.settings);
  settings_generation_.store(reload.generation, std::memory_order_release);
}

void TurnService::on_icmp_error(const port::IcmpError& error) {
  inner_->set_time();
  icmp_to_data(inner_->core, error);
}

bool TurnService::advance(std::uint64_t now_ns, unsigned budget) {
  inner_->core.now_ns = now_ns;
  return turn::advance(inner_->core, budget);
}

const Stats& TurnService::stats() const {
  return inner_->core.stats;
}

}  // namespace penstock::turn

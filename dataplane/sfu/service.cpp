#include "dataplane/sfu/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/engine/clock.h"
#include "dataplane/sfu/apply.h"
#include "dataplane/sfu/core.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/handshakes.h"
#include "dataplane/sfu/home_pairs.h"
#include "dataplane/sfu/mirror.h"
#include "dataplane/sfu/move.h"
#include "dataplane/sfu/packet_path.h"
#include "dataplane/sfu/turns.h"
#include "dataplane/sfu/update.h"

namespace penstock::sfu {
namespace {

// A turn is a few microseconds: reports are encrypted, rings are looked through.
constexpr unsigned kTurnsPerPass = 16;
// Of endpoints that move here.
constexpr int kUnitsOfMovesPerPass = 512;
// Counting a pool looks into every thread's cache of it.
constexpr std::uint64_t kGaugesNs = 20'000'000;

std::string bind_sentence(const net::Endpoint& endpoint, port::BindError error) {
  switch (error) {
    case port::BindError::in_use:
      return fmt::format(
          "cannot take media on {}: another program has that port; stop it, or choose another media.port",
          net::to_string(endpoint));
    case port::BindError::no_address:
      return fmt::format(
          "cannot take media on {}: this host does not have that address; see 'ip addr' and "
          "listen.addresses",
          net::to_string(endpoint));
    case port::BindError::no_resources:
      break;
  }
  return fmt::format("cannot take media on {}: descriptors or memory are used up; raise RLIMIT_NOFILE",
                     net::to_string(endpoint));
}

// Packets of endpoints that moved here from the worker whose port they came to.
void take_moved(Core& core, net::Burst& burst) {
  if (burst.empty()) return;
  net::Burst known;
  for (net::Packet* p : burst) {
    if (localise(core, p)) {
      known.push(p);
    } else {
      core.shard.drop(p, net::Drop::no_flow);
    }
  }
  burst.clear();
  take_burst(core, known);
}

// Of what is kept of packets, more than half: our own, others' that are lent to us, or ours that are lent.
void read_gauges(Core& core) {
  const std::uint64_t kept = core.media.in_use(), views = core.views ? core.views->in_use() : 0;
  core.stats.media_packets.set(kept);
  core.stats.views.set(views);
  core.keep_short = std::max(kept, views) > core.settings.media_packets / 2;
  core.keep_least = kept > core.settings.media_packets / 4 * 3;
  if (core.neighbours == nullptr) return;
  core.keep_short |= std::ranges::max(core.lent) > core.neighbours->most_lent() / 2;
}

}  // namespace

struct SfuService::Inner {
  explicit Inner(std::unique_ptr<Core> made) : core(std::move(made)) {}

  std::unique_ptr<Core> core;
  UpdateQueue updates;
  net::Burst handed_over;  ///< until the messages of this pass are read
  std::uint64_t gauges_until_ns = 0;
};

tl::expected<std::unique_ptr<SfuService>, std::string> SfuService::create(engine::Shard& shard,
                                                                          const SfuSettings& settings,
                                                                          HandshakeLanes& lanes, Board& board,
                                                                          Neighbours* neighbours,
                                                                          SpeakerBoard* speakers) {
  auto core = Core::create(shard, settings, lanes, board, neighbours, speakers);
  if (!core) return tl::unexpected(core.error());
  return std::unique_ptr<SfuService>(new SfuService(std::make_unique<Inner>(std::move(*core))));
}

SfuService::SfuService(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
SfuService::~SfuService() = default;

tl::expected<void, std::string> SfuService::start() {
  engine::Shard& shard = inner_->core->shard;
  for (const net::Endpoint& endpoint : inner_->core->settings.listen) {
    const auto local = shard.port().bind(endpoint, {.shared = false, .icmp_errors = false, .crowded = true});
    if (!local) return tl::unexpected(bind_sentence(endpoint, local.error()));
    shard.claim(*local, engine::ServiceId::sfu);
    if (Neighbours* neighbours = inner_->core->neighbours; neighbours != nullptr) {
      if (const auto lent = shard.port().lend(*local)) neighbours->doors(shard.worker()).push_back({*local, *lent});
    }
  }
  return {};
}

void SfuService::process(net::Burst& burst) {
  take_burst(*inner_->core, burst);
}

bool SfuService::work() {
  return inner_->core->fan_out->work();
}

// The message that an endpoint has moved here was sent before its packets were handed over, but may be read after them:
// they wait until the pass has come to that.
void SfuService::process_handed_over(net::Burst& burst) {
  for (net::Packet* p : burst) inner_->handed_over.push(p);
}

void SfuService::on_message(const engine::Message& message) {
  switch (static_cast<MessageKind>(message.kind)) {
    case MessageKind::update:
      return inner_->updates.add(message.get<const Update*>());
    case MessageKind::transfer:
      return take_in(*inner_->core, *message.get<Transfer*>());
    case MessageKind::learn_pair:
      return learn_pair(*inner_->core, message);
    case MessageKind::count_:
      return;
  }
}

// A client that went away: consent will tell (RFC 7675); ICMP is not authentic.
void SfuService::on_icmp_error(const port::IcmpError&) {}

bool SfuService::advance(std::uint64_t now_ns, unsigned budget) {
  Core& core = *inner_->core;
  core.rtcp_work = Work(kRtcpUnitsPerPass);
  take_moved(core, inner_->handed_over);
  bool left = inner_->updates.step(core, Work(UpdateQueue::kUnitsPerPass));
  left |= send_departures(core);
  Work moving(kUnitsOfMovesPerPass);
  left |= unpack(core, moving);
  left |= exchange_handshakes(core);
  left |= exchange_with_neighbours(core, budget);
  left |= take_turns(core, std::min(budget, kTurnsPerPass));
  left |= take_mirror_turns(core, std::min(budget, kTurnsPerPass));
  if (now_ns >= inner_->gauges_until_ns) {
    inner_->gauges_until_ns = now_ns + kGaugesNs;
    read_gauges(core);
  }
  return left;
}

const Stats& SfuService::stats() const {
  return inner_->core->stats;
}

std::uint64_t SfuService::applied() const {
  return inner_->updates.applied();
}

std::string_view SfuService::cipher() const {
  return inner_->core->cipher->implementation();
}

}  // namespace penstock::sfu

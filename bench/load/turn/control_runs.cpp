#include "bench/load/turn/control_runs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "bench/load/turn/clock.h"
#include "dataplane/stun/builder.h"

namespace penstock::load {
namespace {

void turn_over_until(Session& session, std::uint64_t end_ns) {
  while (now_ns() < end_ns) session.turn_over();
}

/// Makes the server touch the buffers any traffic makes it touch, without a state to keep: Binding requests of a few
/// clients. What its memory grows by afterwards is the allocations'.
void touch_buffers(const Session& session) {
  constexpr unsigned kRequests = 8192;
  constexpr unsigned kClients = 16;
  constexpr unsigned kAtOnce = 32;
  for (std::uint32_t i = 0; i < kRequests; ++i) {
    std::array<std::uint8_t, stun::kHeaderBytes> request{};
    stun::TransactionId id{};
    stun::store_be32(id.data(), i);
    const auto size = stun::MessageBuilder(request, stun::Method::binding, stun::Class::request, id).finish();
    session.grid().to_server(i % std::min<std::size_t>(kClients, session.grid().size())).send(request.data(), *size);
    if (i % kAtOnce == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

double seconds_since(std::uint64_t begin_ns) {
  return static_cast<double>(now_ns() - begin_ns) / 1e9;
}

/// `after - before`, by kind of outcome.
NegotiationTally difference(NegotiationTally after, const NegotiationTally& before) {
  after.completed -= before.completed;
  after.refused -= before.refused;
  after.timed_out -= before.timed_out;
  after.requests -= before.requests;
  after.retransmissions -= before.retransmissions;
  for (const auto& [code, count] : before.refusals) {
    if ((after.refusals[code] -= count) == 0) after.refusals.erase(code);
  }
  return after;
}

}  // namespace

AllocationResult run_allocations(const Options& options, Session& session, const ServerProcess* server) {
  Negotiator& negotiator = session.negotiator();
  AllocationResult result;
  negotiator.start_endless({Request::allocate, Request::refresh, Request::remove});
  turn_over_until(session, now_ns() + to_ns(options.warmup_s));

  const std::uint64_t drops_before = server != nullptr ? server->receive_drops() : 0;
  const ServerCost cost_before = server != nullptr ? cost_so_far(*server) : ServerCost{};
  const NegotiationTally before = negotiator.tally();
  const std::uint64_t begin = now_ns();
  turn_over_until(session, begin + to_ns(options.duration_s));
  result.seconds = seconds_since(begin);
  result.tally = difference(negotiator.tally(), before);
  if (server != nullptr) {
    result.server = cost_since(cost_before, *server);
    result.server->receive_drops = server->receive_drops() - drops_before;
  }

  negotiator.stop();
  session.finish();
  return result;
}

tl::expected<HoldResult, std::string> run_hold(const Options& options, Session& session, const ServerProcess& server) {
  constexpr auto kIdle = std::chrono::milliseconds(5);
  HoldResult result;
  touch_buffers(session);
  result.resident_before_bytes = server.resident_bytes();
  result.anonymous_before_bytes = server.anonymous_bytes();
  result.descriptors_before = server.descriptors();
  const std::uint64_t setup_begin = now_ns();
  if (auto held = session.run({Request::allocate}); !held) return tl::unexpected(held.error());
  result.setup_seconds = seconds_since(setup_begin);

  const std::uint64_t begin = now_ns();
  const std::uint64_t cpu_before = server.cpu_ns();
  Negotiator& negotiator = session.negotiator();
  for (std::uint64_t next_refresh = begin + to_ns(options.refresh_s); seconds_since(begin) < options.duration_s;) {
    if (now_ns() >= next_refresh && negotiator.done()) {
      next_refresh += to_ns(options.refresh_s);
      negotiator.start({Request::refresh});
    }
    session.turn_over();
    if (negotiator.done()) std::this_thread::sleep_for(kIdle);
  }
  result.cpu_ns = server.cpu_ns() - cpu_before;
  result.resident_held_bytes = server.resident_bytes();
  result.anonymous_held_bytes = server.anonymous_bytes();
  result.descriptors_held = server.descriptors();
  result.held_seconds = seconds_since(begin);

  // The proof that all of them are still there.
  if (!session.run({Request::refresh})) {
    result.lost_allocations = negotiator.tally().refused + negotiator.tally().timed_out;
  }
  session.release();
  result.resident_after_bytes = server.resident_bytes();
  return result;
}

}  // namespace penstock::load

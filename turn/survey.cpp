#include "turn/survey.h"

#include <algorithm>

#include "dataplane/engine/clock.h"
#include "turn/core.h"
#include "turn/ending.h"

namespace penstock::turn {
namespace {

constexpr std::uint64_t kIndexMask = 0xffffff;

bool is_live(const Core& core, std::uint32_t index) {
  return index < core.allocations.ever_taken() && core.allocations[index].state == AllocationState::live;
}

// kNone for an id of the past, or of nothing.
std::uint32_t find(const Core& core, std::uint64_t id) {
  const auto index = static_cast<std::uint32_t>(id & kIndexMask);
  return is_live(core, index) && core.allocations.id(index) == id ? index : kNone;
}

AllocationRow row_of(const Core& core, std::uint32_t index) {
  const Allocation& allocation = core.allocations[index];
  AllocationRow row;
  row.id = core.allocations.id(index);
  row.client = allocation.client;
  row.server = core.host.local_endpoint(allocation.listener);
  for (std::size_t family = 0; family < row.relayed.size(); ++family) {
    if (allocation.bound(family)) row.relayed[family] = core.directory.advertised(allocation.ports[family]);
  }
  row.to_peer = allocation.to_peer;
  row.to_client = allocation.to_client;
  row.age_ms = (core.now_ns - core.allocations.facts(index).created_ns) / engine::kNsPerMs;
  row.lifetime_ms = (allocation.expires_ns - std::min(core.now_ns, allocation.expires_ns)) / engine::kNsPerMs;
  row.permissions = allocation.permissions;
  row.channels = allocation.channels;
  row.worker = static_cast<std::uint8_t>(core.worker);
  row.user_size = static_cast<std::uint16_t>(core.shares.copy_name(allocation.share, row.user));
  return row;
}

void look_at_all(const Core& core, Survey& survey) {
  const std::uint32_t end = core.allocations.ever_taken();
  const std::uint32_t stop = std::min(end, survey.from + std::min(end, kEntriesPerSurvey));
  std::uint32_t index = survey.from;
  for (; index < stop && survey.found < survey.rows.size(); ++index) {
    if (is_live(core, index)) survey.rows[survey.found++] = row_of(core, index);
  }
  survey.next = index < end ? index : kNone;
}

}  // namespace

void answer_survey(Core& core, Survey& survey) {
  survey.found = 0;
  survey.next = kNone;
  if (survey.only == 0) {
    look_at_all(core, survey);
  } else if (const std::uint32_t index = find(core, survey.only); index != kNone && !survey.rows.empty()) {
    survey.rows[survey.found++] = row_of(core, index);
  }
  survey.done.store(true, std::memory_order_release);
}

void carry_out(Core& core, EndOrder& order) {
  const std::uint32_t index = find(core, order.id);
  order.ended = index != kNone;
  if (order.ended) end_allocation(core, index, EndReason::operator_ended);
  order.done.store(true, std::memory_order_release);
}

}  // namespace penstock::turn

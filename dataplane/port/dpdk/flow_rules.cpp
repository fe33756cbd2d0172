#include "dataplane/port/dpdk/flow_rules.h"

#include <fmt/format.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_flow.h>

#include <algorithm>
#include <array>
#include <bit>

namespace penstock::port {

// Greedy from the front: the largest aligned power of two that still fits.
std::vector<PortBlock> blocks_of(PortRange range) {
  std::vector<PortBlock> blocks;
  std::uint32_t at = range.first;
  const std::uint32_t end = range.last + 1U;
  while (at < end) {
    const std::uint32_t aligned = at == 0 ? 1U << 16 : at & (~at + 1);
    const std::uint32_t size = std::min(aligned, std::bit_floor(end - at));
    blocks.push_back({static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(~(size - 1))});
    at += size;
  }
  return blocks;
}

FlowRules::FlowRules(const Device& device, std::span<const PortRange> ranges) : device_(device.id()) {
  for (std::size_t queue = 0; queue < ranges.size(); ++queue) {
    for (const PortBlock& block : blocks_of(ranges[queue])) {
      for (const bool v6 : {false, true}) {
        if (add(block, v6, static_cast<std::uint16_t>(queue))) continue;
        remove_all();
        return;
      }
    }
  }
}

FlowRules::~FlowRules() {
  remove_all();
}

bool FlowRules::add(const PortBlock& block, bool v6, std::uint16_t queue) {
  rte_flow_item_udp udp{};
  rte_flow_item_udp udp_mask{};
  udp.hdr.dst_port = rte_cpu_to_be_16(block.value);
  udp_mask.hdr.dst_port = rte_cpu_to_be_16(block.mask);
  std::array<rte_flow_item, 4> pattern{};
  pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
  pattern[1].type = v6 ? RTE_FLOW_ITEM_TYPE_IPV6 : RTE_FLOW_ITEM_TYPE_IPV4;
  pattern[2] = {RTE_FLOW_ITEM_TYPE_UDP, &udp, nullptr, &udp_mask};
  pattern[3].type = RTE_FLOW_ITEM_TYPE_END;
  const rte_flow_action_queue to_queue{queue};
  const std::array<rte_flow_action, 2> actions{
      {{RTE_FLOW_ACTION_TYPE_QUEUE, &to_queue}, {RTE_FLOW_ACTION_TYPE_END, nullptr}}};
  rte_flow_attr attributes{};
  attributes.ingress = 1;
  rte_flow_error error{};
  rte_flow* rule = rte_flow_create(device_, &attributes, pattern.data(), actions.data(), &error);
  if (rule != nullptr) {
    rules_.push_back(rule);
    return true;
  }
  why_ = fmt::format("after {} rules: {}", rules_.size(),
                     error.message != nullptr ? error.message : rte_strerror(rte_errno));
  return false;
}

void FlowRules::remove_all() {
  for (rte_flow* rule : rules_) {
    rte_flow_error error{};
    rte_flow_destroy(device_, rule, &error);
  }
  rules_.clear();
}

}  // namespace penstock::port

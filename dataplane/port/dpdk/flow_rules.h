#pragma once
// Rules in the NIC (rte_flow) that bring each worker's slice of relayed ports to its queue, where the NIC takes them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/port/dpdk/device.h"

struct rte_flow;

namespace penstock::port {

/// UDP ports first to last, both included.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

/// Ports whose bits under `mask` are those of `value`: what a NIC can match.
struct PortBlock {
  std::uint16_t value = 0;
  std::uint16_t mask = 0xffff;

  friend bool operator==(const PortBlock&, const PortBlock&) = default;
};

/// The fewest blocks that make up a range: at most 30.
std::vector<PortBlock> blocks_of(PortRange range);

/// The rules of one device; gone from the NIC with this object, which must go before the device stops.
class FlowRules {
 public:
  /// Range i goes to receive queue i. All rules or none: when the device has no such rules, or no room for all of them,
  /// there are none and why() says what it answered.
  FlowRules(const Device& device, std::span<const PortRange> ranges);
  ~FlowRules();
  FlowRules(const FlowRules&) = delete;
  FlowRules& operator=(const FlowRules&) = delete;

  bool active() const { return !rules_.empty(); }
  std::size_t size() const { return rules_.size(); }
  const std::string& why() const { return why_; }

 private:
  bool add(const PortBlock& block, bool v6, std::uint16_t queue);
  void remove_all();

  std::uint16_t device_;
  std::vector<rte_flow*> rules_;
  std::string why_;
};

}  // namespace penstock::port

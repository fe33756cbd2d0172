#pragma once
// What TURN keeps in the worker's flow table.

#include <cstdint>
#include <cstring>

#include "dataplane/engine/flow_table.h"
#include "dataplane/engine/service.h"

namespace penstock::turn {

enum class FlowKind : std::uint8_t {
  client,   ///< (listener, client): index is the allocation, data a ClientFlow
  pending,  ///< (listener, client): index is the Allocate that waits for another worker's word
  channel,  ///< (relayed port, peer): index is the allocation, word the channel number, data a ChannelFlow
};

/// What a packet from a channel's peer needs, in the flow's own line.
struct ChannelFlow {
  std::uint64_t expires_ns;
  std::uint32_t channel;
  std::uint32_t unused;
};
static_assert(sizeof(ChannelFlow) == sizeof(engine::Flow::data));

/// Where to look first for the channel of a client's ChannelData: where the one before was. Only a hint.
struct ClientFlow {
  std::uint32_t last_channel;
};

inline std::uint32_t last_channel(const engine::Flow& flow) {
  ClientFlow value;
  std::memcpy(&value, flow.data.data(), sizeof value);
  return value.last_channel;
}
inline void set_last_channel(engine::Flow& flow, std::uint32_t index) {
  const ClientFlow value{index};
  std::memcpy(flow.data.data(), &value, sizeof value);
}

inline FlowKind kind(const engine::Flow& flow) {
  return static_cast<FlowKind>(flow.kind);
}
inline ChannelFlow channel_flow(const engine::Flow& flow) {
  ChannelFlow value;
  std::memcpy(&value, flow.data.data(), sizeof value);
  return value;
}
inline void set_channel_flow(engine::Flow& flow, const ChannelFlow& value) {
  std::memcpy(flow.data.data(), &value, sizeof value);
}

/// Fills in what is common to our flows.
inline engine::Flow& describe(engine::Flow& flow, FlowKind kind, std::uint32_t index) {
  flow.service = static_cast<std::uint8_t>(engine::ServiceId::turn);
  flow.kind = static_cast<std::uint8_t>(kind);
  flow.index = index;
  return flow;
}

}  // namespace penstock::turn

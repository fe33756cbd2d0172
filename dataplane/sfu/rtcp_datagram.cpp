#include "dataplane/sfu/rtcp_datagram.h"

namespace penstock::sfu {
namespace {

std::span<std::uint8_t> room_of(net::Packet* p) {
  if (p == nullptr) return {};
  return {rte_pktmbuf_mtod(p, std::uint8_t*), RtcpDatagram::kMostBytes};
}

}  // namespace

net::Packet* RtcpDatagram::packet_for(Core& core, EndpointSlot slot) {
  const Endpoint& endpoint = core.endpoints[slot];
  if (!endpoint.connected || !endpoint.secured || endpoint.disconnected) return nullptr;
  net::Packet* p = core.outgoing.allocate();
  if (p == nullptr) core.stats.outgoing_exhausted.add();
  return p;
}

RtcpDatagram::RtcpDatagram(Core& core, EndpointSlot slot, Bare)
    : core_(core), slot_(slot), packet_(packet_for(core, slot)), writer_(room_of(packet_)) {}

RtcpDatagram::RtcpDatagram(Core& core, EndpointSlot slot) : RtcpDatagram(core, slot, Bare{}) {
  if (packet_ == nullptr) return;
  writer_.receiver_report(sender());
  writer_.cname(sender(), core.endpoints[slot].cname.view());
}

RtcpDatagram::~RtcpDatagram() {
  if (packet_ != nullptr) net::free(packet_);
}

void RtcpDatagram::send() {
  const std::span<std::uint8_t> buffer{rte_pktmbuf_mtod(packet_, std::uint8_t*),
                                       kMostBytes + srtp::kMaxRtcpTrailerBytes};
  const auto protected_size = core_.cipher->protect_rtcp(send_context(slot_), buffer, writer_.size());
  if (protected_size.result != srtp::Result::ok) return;
  net::Packet* p = std::exchange(packet_, nullptr);
  p->data_len = static_cast<std::uint16_t>(protected_size.size);
  p->pkt_len = p->data_len;
  aim(p, core_.endpoints[slot_]);
  core_.shard.counters().originated.add();
  core_.stats.rtcp_sent.add();
  EndpointStatus& status = core_.board.endpoints[slot_];
  status.sent_packets.add();
  status.sent_bytes.add(p->data_len);
  core_.shard.send(p);
}

}  // namespace penstock::sfu

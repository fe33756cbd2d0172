#include "dataplane/sfu/packet_path.h"

#include "dataplane/rtp/header.h"
#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/handshakes.h"
#include "dataplane/sfu/move.h"
#include "dataplane/sfu/receive.h"
#include "dataplane/sfu/rtcp_in.h"
#include "dataplane/stun/demultiplex.h"

namespace penstock::sfu {
namespace {

// Everything but connectivity checks comes over a pair that was checked.
void take_checked(Core& core, net::Packet* p, stun::PacketKind kind, net::Burst& media) {
  const net::FlowId flow = current_flow(core, p);
  if (flow == net::kNoFlow) {
    if (kind == stun::PacketKind::dtls) core.stats.handshake_unchecked.add();
    return core.shard.drop(p, net::Drop::unchecked_pair);
  }
  const Endpoint& endpoint = core.endpoints[core.shard.flows()[flow].index];
  if (endpoint.departed_to != 0) return forward_to_new_worker(core, endpoint, p);
  if (kind == stun::PacketKind::dtls) return take_handshake(core, core.shard.flows()[flow].index, p);
  if (kind != stun::PacketKind::rtp) return core.shard.drop(p, net::Drop::not_media);
  if (rtp::is_rtcp(net::payload(p))) return take_rtcp(core, p);
  media.push(p);
}

}  // namespace

void take_burst(Core& core, net::Burst& burst) {
  net::Burst media;
  core.flows_changed = false;
  for (net::Packet* p : burst) {
    const stun::PacketKind kind = stun::classify(net::payload(p));
    if (kind == stun::PacketKind::stun) {
      take_check(core, p);
    } else {
      take_checked(core, p, kind, media);
    }
  }
  if (!media.empty()) receive_media(core, media.span());
}

}  // namespace penstock::sfu

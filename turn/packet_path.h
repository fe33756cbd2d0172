#pragma once
// The packet path of the TURN service: which transformation each packet of a burst meets, and what becomes of it.

#include <array>
#include <cstdint>

#include "dataplane/engine/shard.h"
#include "turn/core.h"
#include "turn/hairpin.h"
#include "turn/relay.h"

namespace penstock::turn {

class PacketPath {
 public:
  PacketPath(engine::Shard& shard, Core& core) : shard_(shard), core_(core) {}

  void process(net::Burst& burst);
  void process_handed_over(net::Burst& burst);

 private:
  void handle(net::Packet* p);
  void from_client(net::Packet* p, std::uint32_t allocation);
  void from_peer(net::Packet* p, std::uint32_t allocation);
  void to_requests(net::Packet* p);

  void to_peer(net::Packet* p, const ToPeer& out);
  void hairpin(net::Packet* p, const ToPeer& out);
  void arrive(net::Packet* p, RelayPort target);
  void to_client(net::Packet* p, const ToClient& out);
  void add_head(net::Packet* p, const ToClient& out);

  /// The verdict on the last packet, for those behind it in its train: same flow, same size, same header.
  struct Leader {
    std::uint16_t train = 0;  ///< 0: none
    net::FlowId flow = net::kNoFlow;
    std::uint32_t header = 0;  ///< channel number and length, from clients
    ToPeer to_peer;
    ToClient to_client;
  };
  bool follows(const net::PacketInfo& info) const {
    return info.train != 0 && info.train == leader_.train && info.flow == leader_.flow;
  }

  engine::Shard& shard_;
  Core& core_;
  Leader leader_;
  bool flows_changed_ = false;  ///< a request of this burst may have changed what info.flow was found in
};

}  // namespace penstock::turn

#pragma once
// What a client's datagram is, by its first bytes (RFC 8656 section 12: the first two bits tell channels from STUN).

#include "dataplane/net/packet.h"
#include "dataplane/stun/bytes.h"
#include "dataplane/stun/channel_data.h"
#include "dataplane/stun/protocol.h"

namespace penstock::turn {

inline const std::uint8_t* first_bytes(const net::Packet* p) {
  return rte_pktmbuf_mtod(p, const std::uint8_t*);
}
inline bool is_stun(const net::Packet* p) {
  return p->data_len >= stun::kHeaderBytes && (*first_bytes(p) & 0xc0) == 0;
}
inline bool is_channel_data(const net::Packet* p) {
  return p->data_len >= stun::kChannelDataHeaderBytes && (*first_bytes(p) & 0xc0) == 0x40;
}
/// Of what is_stun().
inline bool is_send_indication(const net::Packet* p) {
  return stun::load_be16(first_bytes(p)) == 0x0016;
}
/// Number and length, of what is_channel_data().
inline std::uint32_t channel_header(const net::Packet* p) {
  return stun::load_be32(first_bytes(p));
}

}  // namespace penstock::turn

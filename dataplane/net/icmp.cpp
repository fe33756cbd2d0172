#include "dataplane/net/icmp.h"

#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/net/ip_address.h"
#include "dataplane/net/ipv6_chain.h"

namespace penstock::net {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kIcmpHeaderBytes = 8;

// RFC 792: destination unreachable, time exceeded, parameter problem. Source quench is history (RFC 6633).
bool is_error(std::uint8_t type, bool v6) {
  return v6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

// RFC 1191 section 4: 16 bits where RFC 792 had none; RFC 4443 section 3.2: 32.
std::uint32_t next_hop_mtu(const std::uint8_t* icmp, bool v6) {
  if (v6) return icmp[0] == 2 ? load_be32(icmp + 4) : 0;
  return icmp[0] == 3 && icmp[1] == 4 ? load_be16(icmp + 6) : 0;
}

// The offset of the UDP header that the IPv4 datagram at `at` starts with, 0 when there is none.
std::size_t quoted_udp_ipv4(Bytes frame, std::size_t at, std::size_t end) {
  const std::uint8_t* ip = frame.data() + at;
  if (end - at < kIpv4HeaderBytes || ip[0] >> 4 != 4 || ip[9] != kProtocolUdp) return 0;
  const std::size_t header = std::size_t{ip[0]} % 16 * 4;
  const bool first = (load_be16(ip + 6) & 0x1fff) == 0;
  return header >= kIpv4HeaderBytes && first && end - at >= header + kUdpHeaderBytes ? at + header : 0;
}

std::size_t quoted_udp_ipv6(Bytes frame, std::size_t at, std::size_t end) {
  const std::uint8_t* ip = frame.data() + at;
  if (end - at < kIpv6HeaderBytes || ip[0] >> 4 != 6) return 0;
  Ipv6Chain chain = walk_ipv6_chain(frame, ip[6], at + kIpv6HeaderBytes, end);
  if (chain.end == Ipv6Chain::End::fragment && (load_be16(frame.data() + chain.at + 2) & 0xfff8) == 0) {
    chain = {Ipv6Chain::End::upper_layer, chain.protocol, static_cast<std::uint16_t>(chain.at + 8)};
  }
  const bool udp = chain.end == Ipv6Chain::End::upper_layer && chain.protocol == kProtocolUdp;
  return udp && end - chain.at >= kUdpHeaderBytes ? chain.at : 0;
}

bool checksum_holds(Bytes message, const Frame& f) {
  std::uint32_t sum = 0;
  if (f.v6) {
    const auto size = static_cast<std::uint16_t>(message.size());
    sum = pseudo_header_sum(f.source.address, f.destination.address, kProtocolIcmpv6, size);
  }
  return holds(ones_sum(message, sum));
}

}  // namespace

void parse_icmp(Bytes frame, std::size_t at, std::size_t end, Frame& f) {
  const std::uint8_t* icmp = frame.data() + at;
  if (end - at < kIcmpHeaderBytes || !is_error(icmp[0], f.v6)) return;
  const std::size_t quoted = at + kIcmpHeaderBytes;
  const std::size_t udp = f.v6 ? quoted_udp_ipv6(frame, quoted, end) : quoted_udp_ipv4(frame, quoted, end);
  if (udp == 0) return;
  f.kind = FrameKind::malformed;
  if (!checksum_holds(frame.subspan(at, end - at), f)) return;

  const std::uint8_t* ip = frame.data() + quoted;
  f.source.address = f.v6 ? load_ipv6(ip + 8) : load_ipv4(ip + 12);
  f.destination.address = f.v6 ? load_ipv6(ip + 24) : load_ipv4(ip + 16);
  if (f.v6 && (is_mapped(f.source.address) || is_mapped(f.destination.address))) return;
  f.source.port = load_be16(frame.data() + udp);
  f.destination.port = load_be16(frame.data() + udp + 2);
  f.icmp_type = icmp[0];
  f.icmp_code = icmp[1];
  f.icmp_data = next_hop_mtu(icmp, f.v6);
  f.l4 = static_cast<std::uint16_t>(at);
  f.payload = static_cast<std::uint16_t>(quoted);
  f.payload_size = static_cast<std::uint16_t>(end - quoted);
  f.kind = FrameKind::icmp_error;
}

}  // namespace penstock::net

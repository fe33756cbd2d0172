#include "dataplane/net/frame.h"

#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/ip_address.h"
#include "dataplane/net/ipv6_chain.h"

namespace penstock::net {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;

std::uint16_t offset(std::size_t n) {
  return static_cast<std::uint16_t>(n);
}

// The UDP datagram between `at` and `end`, which IP has vouched for.
void parse_udp(Bytes frame, std::size_t at, std::size_t end, Frame& f) {
  f.kind = FrameKind::malformed;
  if (end - at < kUdpHeaderBytes) return;
  const std::uint8_t* udp = frame.data() + at;
  const std::size_t size = load_be16(udp + 4);
  if (size < kUdpHeaderBytes || size > end - at) return;
  std::memcpy(&f.udp_checksum, udp + 6, sizeof f.udp_checksum);
  if (f.v6 && f.udp_checksum == 0) return;  // RFC 8200 section 8.1
  f.source.port = load_be16(udp);
  f.destination.port = load_be16(udp + 2);
  f.l4 = offset(at);
  f.payload = offset(at + kUdpHeaderBytes);
  f.payload_size = offset(size - kUdpHeaderBytes);
  f.kind = FrameKind::datagram;
}

// A fragment's data from `data` to `end`; its offset and its place are reassembly's business.
void note_fragment(std::size_t l4, std::size_t data, std::size_t end, Frame& f) {
  f.kind = FrameKind::fragment;
  f.l4 = offset(l4);
  f.payload = offset(data);
  f.payload_size = offset(end - data);
}

// Loose and strict source routes (RFC 791 section 3.1), or options too broken to tell (RFC 7126 section 4.3: drop).
bool is_source_routed(Bytes options) {
  while (!options.empty() && options[0] != 0) {
    constexpr std::uint8_t kNop = 1;
    constexpr std::uint8_t kLooseRoute = 131;
    constexpr std::uint8_t kStrictRoute = 137;
    if (options[0] == kLooseRoute || options[0] == kStrictRoute) return true;
    const std::size_t size = options[0] == kNop ? 1 : options.size() < 2 ? 0 : options[1];
    if (size == 0 || size > options.size() || (size == 1 && options[0] != kNop)) return true;
    options = options.subspan(size);
  }
  return false;
}

// A host that asks for its address sends from 0.0.0.0 (RFC 2131 section 4.1); a DHCP server may be listening.
bool is_asking_for_an_address(const std::uint8_t* ip) {
  return load_be32(ip + 12) == 0 && load_be32(ip + 16) == 0xffffffff;
}

// The header's checksum; nearly always it has no options.
bool header_holds(const std::uint8_t* ip, std::size_t header) {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint32_t c = 0;
  std::memcpy(&a, ip, sizeof a);
  std::memcpy(&b, ip + 8, sizeof b);
  std::memcpy(&c, ip + 16, sizeof c);
  std::uint64_t sum = (a & 0xffffffff) + (a >> 32) + (b & 0xffffffff) + (b >> 32) + c;
  if (header > kIpv4HeaderBytes) sum += ones_sum({ip + kIpv4HeaderBytes, header - kIpv4HeaderBytes});
  return holds(sum);
}

void parse_ipv4(Bytes frame, bool checksum_good, Frame& f) {
  f.kind = FrameKind::malformed;
  const std::size_t room = frame.size() - f.l3;
  if (room < kIpv4HeaderBytes) return;
  const std::uint8_t* ip = frame.data() + f.l3;
  const std::size_t header = std::size_t{ip[0]} % 16 * 4;
  const std::size_t size = load_be16(ip + 2);
  if (ip[0] >> 4 != 4 || header < kIpv4HeaderBytes || size < header || size > room) return;
  if (!checksum_good && !header_holds(ip, header)) return;
  const std::uint8_t protocol = ip[9];
  if (protocol != kProtocolUdp && protocol != kProtocolIcmp) {
    f.kind = FrameKind::other;
    return;
  }
  if (header > kIpv4HeaderBytes && is_source_routed({ip + kIpv4HeaderBytes, header - kIpv4HeaderBytes})) return;
  if (is_martian_ipv4_source(load_be32(ip + 12))) {
    if (is_asking_for_an_address(ip)) f.kind = FrameKind::other;
    return;
  }
  f.tos = ip[1];
  f.ttl = ip[8];
  f.source.address = load_ipv4(ip + 12);
  f.destination.address = load_ipv4(ip + 16);
  const std::uint16_t fragment = load_be16(ip + 6);
  f.dont_fragment = (fragment & 0x4000) != 0;
  const std::size_t data = f.l3 + header;
  const std::size_t end = f.l3 + size;
  const bool cut = (fragment & 0x3fff) != 0;
  if (protocol == kProtocolUdp) return cut ? note_fragment(data, data, end, f) : parse_udp(frame, data, end, f);
  f.kind = FrameKind::other;
  if (!cut) parse_icmp(frame, data, end, f);
}

// Behind extension headers, or not UDP at all.
void parse_ipv6_chain(Bytes frame, std::uint8_t protocol, std::size_t at, std::size_t end, Frame& f) {
  const Ipv6Chain chain = walk_ipv6_chain(frame, protocol, at, end);
  switch (chain.end) {
    case Ipv6Chain::End::truncated:
      f.kind = FrameKind::malformed;
      return;
    case Ipv6Chain::End::foreign:
      f.kind = FrameKind::other;
      return;
    case Ipv6Chain::End::fragment:
      f.kind = FrameKind::other;
      if (chain.protocol == kProtocolUdp) note_fragment(chain.at, chain.at + kIpv6FragmentHeaderBytes, end, f);
      return;
    case Ipv6Chain::End::upper_layer:
      break;
  }
  if (chain.protocol == kProtocolUdp) return parse_udp(frame, chain.at, end, f);
  f.kind = FrameKind::other;
  if (chain.protocol == kProtocolIcmpv6) parse_icmp(frame, chain.at, end, f);
}

void parse_ipv6(Bytes frame, Frame& f) {
  f.kind = FrameKind::malformed;
  const std::size_t room = frame.size() - f.l3;
  if (room < kIpv6HeaderBytes) return;
  const std::uint8_t* ip = frame.data() + f.l3;
  const std::size_t size = kIpv6HeaderBytes + load_be16(ip + 4);
  if (ip[0] >> 4 != 6 || size > room) return;
  f.v6 = true;
  f.tos = static_cast<std::uint8_t>(load_be16(ip) >> 4);
  f.ttl = ip[7];
  f.source.address = load_ipv6(ip + 8);
  f.destination.address = load_ipv6(ip + 24);
  const std::size_t data = f.l3 + kIpv6HeaderBytes;
  const std::size_t end = f.l3 + size;
  if (is_martian_ipv6_source(f.source.address) || is_mapped(f.destination.address)) {
    // Neighbour discovery starts from the unspecified address (RFC 4862 section 5.4).
    if (f.source.address.is_unspecified() && ip[6] != kProtocolUdp) f.kind = FrameKind::other;
    return;
  }
  if (ip[6] == kProtocolUdp) return parse_udp(frame, data, end, f);
  parse_ipv6_chain(frame, ip[6], data, end, f);
}

// Everything that a UDP checksum covers, and itself, but the payload.
std::uint32_t sum_without_payload(const Frame& d) {
  const std::uint16_t size = offset(d.payload_size + kUdpHeaderBytes);
  return pseudo_header_sum(d.source.address, d.destination.address, kProtocolUdp, size) + word(d.source.port) +
         word(d.destination.port) + word(size) + d.udp_checksum;
}

}  // namespace

Frame parse_frame(Bytes frame, bool ip_checksum_good) {
  Frame f;
  if (frame.size() < kEthernetHeaderBytes || frame.size() > UINT16_MAX) return f;
  std::uint16_t type = load_be16(frame.data() + 12);
  f.l3 = kEthernetHeaderBytes;
  if (type == kTypeVlan) {
    if (frame.size() < kEthernetHeaderBytes + kVlanTagBytes) return f;
    const std::uint16_t id = load_be16(frame.data() + 14) & 0x0fff;
    if (id != 0) f.vlan = id;
    type = load_be16(frame.data() + 16);
    f.l3 += kVlanTagBytes;
  }
  if (type == kTypeIpv4) {
    parse_ipv4(frame, ip_checksum_good, f);
  } else if (type == kTypeIpv6) {
    parse_ipv6(frame, f);
  }
  return f;
}

std::optional<std::uint16_t> verified_payload_sum(Bytes frame, const Frame& datagram) {
  const std::uint16_t sum = fold(ones_sum(frame.subspan(datagram.payload, datagram.payload_size)));
  if (datagram.udp_checksum == 0 || holds(sum_without_payload(datagram) + sum)) return sum;
  return std::nullopt;
}

std::uint16_t implied_payload_sum(const Frame& datagram) {
  return complement(sum_without_payload(datagram));
}

}  // namespace penstock::net

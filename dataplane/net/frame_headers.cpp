#include "dataplane/net/frame_headers.h"

#include <cstring>

#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/ipv6_chain.h"

namespace penstock::net {
namespace {

std::uint16_t udp_size(const DatagramHeader& h) {
  return static_cast<std::uint16_t>(h.payload_size + kUdpHeaderBytes);
}

std::uint32_t pseudo_header(const DatagramHeader& h) {
  return pseudo_header_sum(h.source.address, h.destination.address, kProtocolUdp, udp_size(h));
}

std::uint8_t* write_udp(std::uint8_t* end, const DatagramHeader& h) {
  std::uint8_t* udp = end - kUdpHeaderBytes;
  store_be16(udp, h.source.port);
  store_be16(udp + 2, h.destination.port);
  store_be16(udp + 4, udp_size(h));
  std::memcpy(udp + 6, &h.udp_checksum, sizeof h.udp_checksum);
  return udp;
}

// From the values, not from the header: reading back what was just written in smaller pieces would stall.
std::uint16_t ipv4_checksum(const DatagramHeader& h, std::uint16_t size, std::uint16_t flags) {
  const std::uint32_t source = h.source.address.v4_host_order();
  const std::uint32_t destination = h.destination.address.v4_host_order();
  return complement(std::uint64_t{0x4500U | h.tos} + size + h.ip_id + flags +
                    (std::uint32_t{h.ttl} << 8 | kProtocolUdp) + source + destination);
}

std::uint8_t* write_ipv4(std::uint8_t* end, const DatagramHeader& h) {
  const auto size = static_cast<std::uint16_t>(kIpv4HeaderBytes + udp_size(h));
  const std::uint16_t flags = h.dont_fragment ? 0x4000 : 0;
  std::uint8_t* ip = end - kIpv4HeaderBytes;
  ip[0] = 0x45;
  ip[1] = h.tos;
  store_be16(ip + 2, size);
  store_be16(ip + 4, h.ip_id);
  store_be16(ip + 6, flags);
  ip[8] = h.ttl;
  ip[9] = kProtocolUdp;
  store_be16(ip + 10, ipv4_checksum(h, size, flags));  // all words above were in host order, so is their sum
  std::memcpy(ip + 12, h.source.address.bytes.data() + 12, 4);
  std::memcpy(ip + 16, h.destination.address.bytes.data() + 12, 4);
  return ip;
}

std::uint8_t* write_ipv6(std::uint8_t* end, const DatagramHeader& h) {
  std::uint8_t* ip = end - kIpv6HeaderBytes;
  store_be32(ip, std::uint32_t{6} << 28 | std::uint32_t{h.tos} << 20);
  store_be16(ip + 4, udp_size(h));
  ip[6] = kProtocolUdp;
  ip[7] = h.ttl;
  std::memcpy(ip + 8, h.source.address.bytes.data(), 16);
  std::memcpy(ip + 24, h.destination.address.bytes.data(), 16);
  return ip;
}

std::uint8_t* write_link(std::uint8_t* end, const LinkHeader& link, bool v6) {
  store_be16(end - 2, v6 ? 0x86dd : 0x0800);
  if (link.vlan != kNoVlan) {
    store_be16(end - 4, link.vlan);
    store_be16(end - 6, 0x8100);
    end -= kVlanTagBytes;
  }
  std::uint8_t* frame = end - kEthernetHeaderBytes;
  std::memcpy(frame, link.destination.data(), link.destination.size());
  std::memcpy(frame + 6, link.source.data(), link.source.size());
  return frame;
}

}  // namespace

std::uint16_t full_udp_checksum(const DatagramHeader& h, std::uint16_t payload_sum) {
  return udp_complement(std::uint64_t{pseudo_header(h)} + word(h.source.port) + word(h.destination.port) +
                        word(udp_size(h)) + payload_sum);
}

std::uint16_t offloaded_udp_checksum(const DatagramHeader& h) {
  return fold(pseudo_header(h));
}

std::uint8_t* write_headers(std::uint8_t* payload, const LinkHeader& link, const DatagramHeader& h) {
  const bool v6 = !h.destination.address.is_v4();
  std::uint8_t* udp = write_udp(payload, h);
  return write_link(v6 ? write_ipv6(udp, h) : write_ipv4(udp, h), link, v6);
}

}  // namespace penstock::net

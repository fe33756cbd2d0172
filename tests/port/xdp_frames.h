#pragma once
// Frames as byte strings, put together from the back: ethernet(ipv4(udp(...))).

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/net/address.h"

namespace penstock::port::frames {

using Bytes = std::string;

inline Bytes u8(unsigned v) {
  return Bytes(1, static_cast<char>(v));
}
inline Bytes u16(unsigned v) {
  return u8(v >> 8 & 0xff) + u8(v & 0xff);
}
inline Bytes u32(std::uint32_t v) {
  return u16(v >> 16) + u16(v & 0xffff);
}
inline net::Address address(std::string_view text) {
  return *net::parse_address(text);
}
inline Bytes raw(const net::Address& a) {
  const Bytes all(a.bytes.begin(), a.bytes.end());
  return a.is_v4() ? all.substr(12) : all;
}

inline constexpr unsigned kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58;
inline constexpr unsigned kHopByHop = 0, kRouting = 43, kFragment = 44, kNoNext = 59, kDestination = 60;

inline Bytes udp(unsigned source, unsigned destination, const Bytes& payload = "hello") {
  return u16(source) + u16(destination) + u16(static_cast<unsigned>(8 + payload.size())) + u16(0) + payload;
}

struct Ipv4Fields {
  unsigned protocol = kUdp;
  unsigned id = 7;
  unsigned fragment = 0;  ///< flags and offset (in units of 8) as on the wire: 0x2000 is "more fragments"
  Bytes options = {};     ///< a multiple of 4
  unsigned version = 4;
  int ihl = -1;  ///< -1: what it is
};

inline Bytes ipv4(std::string_view source, std::string_view destination, const Bytes& rest, const Ipv4Fields& f = {}) {
  const auto header = static_cast<unsigned>(20 + f.options.size());
  const unsigned ihl = f.ihl < 0 ? header / 4 : static_cast<unsigned>(f.ihl);
  return u8(f.version << 4 | ihl) + u8(0) + u16(static_cast<unsigned>(header + rest.size())) + u16(f.id) +
         u16(f.fragment) + u8(64) + u8(f.protocol) + u16(0) + raw(address(source)) + raw(address(destination)) +
         f.options + rest;
}

inline Bytes ipv6(std::string_view source, std::string_view destination, unsigned next, const Bytes& rest) {
  return u32(0x60000000) + u16(static_cast<unsigned>(rest.size())) + u8(next) + u8(64) + raw(address(source)) +
         raw(address(destination)) + rest;
}

/// An extension header of 8 * (1 + `more`) bytes.
inline Bytes extension(unsigned next, unsigned more = 0) {
  return u8(next) + u8(more) + Bytes(6 + 8 * more, '\0');
}

/// An IPv6 fragment header; `offset` in units of 8 bytes.
inline Bytes fragment(unsigned next, unsigned offset, bool more, std::uint32_t id = 7) {
  return u8(next) + u8(0) + u16(offset << 3 | (more ? 1 : 0)) + u32(id);
}

inline Bytes icmp(unsigned type, unsigned code, const Bytes& quoted) {
  return u8(type) + u8(code) + u16(0) + u32(0) + quoted;
}

inline Bytes ethernet(unsigned type, const Bytes& rest) {
  return Bytes(6, '\x02') + Bytes(6, '\x04') + u16(type) + rest;
}
inline Bytes ethernet4(const Bytes& rest) {
  return ethernet(0x0800, rest);
}
inline Bytes ethernet6(const Bytes& rest) {
  return ethernet(0x86dd, rest);
}
inline Bytes tagged(unsigned type, const Bytes& rest, unsigned vlan = 100) {
  return ethernet(0x8100, u16(vlan) + u16(type) + rest);
}

}  // namespace penstock::port::frames

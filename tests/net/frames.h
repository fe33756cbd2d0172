#pragma once
// Frames that Linux 6.18 sent over a veth with checksum offload off, as captured; and ways to bend them.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"

namespace penstock::net {

using FrameBytes = std::vector<std::uint8_t>;

/// Two hex digits a byte, blanks between them as you like.
inline FrameBytes from_hex(std::string_view text) {
  FrameBytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() == 2) {
      bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits, nullptr, 16)));
      digits.clear();
    }
  }
  return bytes;
}

/// 0, 1, 2, ... as bytes: what the captured fragments carry.
inline FrameBytes counting(std::size_t first, std::size_t size) {
  FrameBytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

inline FrameBytes operator+(FrameBytes a, const FrameBytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// 10.9.0.1:40000 -> 10.9.0.2:3478 "hello", EF.
inline FrameBytes ipv4_datagram() {
  return from_hex(
      "02000000000b 02000000000a 0800 45b80021a0e540004011851a0a0900010a090002 9c400d96000dfe16 68656c6c6f");
}

/// [fd09::1]:40000 -> [fd09::2]:3478 "hello!".
inline FrameBytes ipv6_datagram() {
  return from_hex(
      "02000000000b 02000000000a 86dd 600d7c96000e1140 fd090000000000000000000000000001"
      "fd090000000000000000000000000002 9c400d96000e17f2 68656c6c6f21");
}

/// The two halves of 1600 counting bytes from 10.9.0.1:40000 to 10.9.0.2:3478.
inline FrameBytes ipv4_first_fragment() {
  return from_hex("02000000000b 02000000000a 0800 45b805dca1d7200040119e6d0a0900010a090002 9c400d960648cff0") +
         counting(0, 1472);
}
inline FrameBytes ipv4_last_fragment() {
  return from_hex("02000000000b 02000000000a 0800 45b80094a1d700b94011c2fc0a0900010a090002") + counting(1472, 128);
}

/// The two halves of 1600 counting bytes from [fd09::1]:40000 to [fd09::2]:3478.
inline FrameBytes ipv6_first_fragment() {
  return from_hex(
             "02000000000b 02000000000a 86dd 600d7c9605b02c40 fd090000000000000000000000000001"
             "fd090000000000000000000000000002 11000001 28339e4c 9c400d960648e9ee") +
         counting(0, 1440);
}
inline FrameBytes ipv6_last_fragment() {
  return from_hex(
             "02000000000b 02000000000a 86dd 600d7c9600a82c40 fd090000000000000000000000000001"
             "fd090000000000000000000000000002 110005a8 28339e4c") +
         counting(1440, 160);
}

/// Port unreachable about 10.9.0.2:50000 -> 10.9.0.1:9 "closed", and the same for fd09::.
inline FrameBytes icmp_port_unreachable() {
  return from_hex(
      "02000000000b 02000000000a 0800 45c0003ee1cb00004001841f0a0900010a090002 0303113100000000"
      "4500002200004000401126b70a0900020a090001 c3500009000ef01f 636c6f736564");
}
inline FrameBytes icmpv6_port_unreachable() {
  return from_hex(
      "02000000000b 02000000000a 86dd 600e79e1003e3a40 fd090000000000000000000000000001"
      "fd090000000000000000000000000002 0104744700000000 600f1ee7000e1140 fd090000000000000000000000000002"
      "fd090000000000000000000000000001 c3500009000e0a1e 636c6f736564");
}

/// Fragmentation needed (1300) about 10.9.0.2:50000 -> 10.10.0.2:9, packet too big about [fd09::2]:50000 ->
/// [fd10::2]:9.
inline FrameBytes icmp_fragmentation_needed() {
  return from_hex(
             "02000000000b 02000000000a 0800 45c00240e2c20000400181260a0900010a090002 0304209f00000514"
             "4500059400004000401121430a0900020a0a0002 c35000090580b414") +
         FrameBytes(520, 'x');
}
inline FrameBytes icmpv6_packet_too_big() {
  return from_hex(
             "02000000000b 02000000000a 86dd 6004d47504d83a40 fd090000000000000000000000000001"
             "fd090000000000000000000000000002 0200f6ed00000514 6002647605801140 fd090000000000000000000000000002"
             "fd100000000000000000000000000002 c35000090580ce0c") +
         FrameBytes(1184, 'x');
}

inline FrameBytes tagged(FrameBytes frame, std::uint16_t tci, std::uint16_t type = 0x8100) {
  const FrameBytes tag = {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type),
                          static_cast<std::uint8_t>(tci >> 8), static_cast<std::uint8_t>(tci)};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

/// Makes the header checksum of an untagged IPv4 frame right again.
inline void mend_ipv4(FrameBytes& frame) {
  const std::size_t header = std::size_t{frame[14]} % 16 * 4;
  std::memset(&frame[24], 0, 2);
  const std::uint16_t checksum = complement(ones_sum({&frame[14], header}));
  std::memcpy(&frame[24], &checksum, 2);
}

/// An IPv6 datagram with `headers` between IP header and UDP; the first of them is of type `protocol`.
inline FrameBytes with_extension(std::uint8_t protocol, const FrameBytes& headers, FrameBytes frame) {
  frame[20] = protocol;
  store_be16(&frame[18], static_cast<std::uint16_t>(load_be16(&frame[18]) + headers.size()));
  frame.insert(frame.begin() + 54, headers.begin(), headers.end());
  return frame;
}

}  // namespace penstock::net

#include "bench/load/frame_rooms/wire.h"

#include "bench/load/frames/datagram.h"
#include "dataplane/net/bytes.h"
#include "dataplane/net/frame.h"

namespace penstock::frame_rooms {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint8_t kPlainHeader = 0x45;  // version 4, five words: the relay sends no options
constexpr std::uint8_t kUdp = 17;
// Offsets in an untagged frame.
constexpr std::size_t kEtherType = 12;
constexpr std::size_t kIp = 14;
constexpr std::size_t kFragment = 20;
constexpr std::size_t kProtocol = 23;
constexpr std::size_t kDestination = 30;
constexpr std::size_t kDestinationPort = 36;
constexpr std::size_t kUdpLength = 38;
constexpr std::size_t kPayload = 42;

}  // namespace

void Wire::send(std::uint32_t participant, const net::Endpoint& to, std::span<const std::uint8_t> datagram) {
  (void)link_.send_copy(frames::datagram_frame(header_, endpoint_of(participant), to, datagram));
}

std::optional<Arrival> read_arrival(const frames::Cast& cast, std::span<std::uint8_t> frame) {
  if (frame.size() < kPayload) return std::nullopt;
  const std::uint8_t* f = frame.data();
  if (net::load_be16(f + kEtherType) != kIpv4 || f[kIp] != kPlainHeader || f[kProtocol] != kUdp) return std::nullopt;
  if ((net::load_be16(f + kFragment) & 0x3fff) != 0) return std::nullopt;
  const std::uint32_t participant = net::load_be32(f + kDestination) - cast.client.address.v4_host_order();
  const std::size_t size = net::load_be16(f + kUdpLength);
  if (participant >= cast.flows || net::load_be16(f + kDestinationPort) != cast.client.port) return std::nullopt;
  if (size < net::kUdpHeaderBytes || kPayload + size - net::kUdpHeaderBytes > frame.size()) return std::nullopt;
  return Arrival{participant, frame.subspan(kPayload, size - net::kUdpHeaderBytes)};
}

bool is_sound(std::span<const std::uint8_t> bytes) {
  const net::Frame frame = net::parse_frame(bytes);
  if (frame.kind == net::FrameKind::malformed) return false;
  return frame.kind != net::FrameKind::datagram || net::verified_payload_sum(bytes, frame).has_value();
}

}  // namespace penstock::frame_rooms

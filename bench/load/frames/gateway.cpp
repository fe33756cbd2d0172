#include "bench/load/frames/gateway.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/load/turn/clock.h"
#include "dataplane/stun/bytes.h"

namespace penstock::frames {
namespace {

constexpr std::uint64_t kAskEveryNs = 200'000'000;
constexpr std::uint64_t kPatienceNs = 10'000'000'000;
constexpr std::uint16_t kArp = 0x0806;
constexpr std::uint16_t kRequest = 1;
constexpr std::uint16_t kReply = 2;
constexpr net::MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
// Offsets of RFC 826's fields behind an Ethernet header: hardware type, protocol type, lengths, operation, addresses.
constexpr std::size_t kOperation = 20;
constexpr std::size_t kSenderMac = 22;
constexpr std::size_t kSenderIp = 28;
constexpr std::size_t kTargetMac = 32;
constexpr std::size_t kTargetIp = 38;
constexpr std::array<std::uint8_t, 6> kEthernetAndIpv4 = {0, 1, 8, 0, 6, 4};

std::uint32_t address_at(std::span<const std::uint8_t> frame, std::size_t offset) {
  return stun::load_be32(&frame[offset]);
}

}  // namespace

ArpFrame Gateway::frame(std::uint16_t operation, const net::MacAddress& to, const net::MacAddress& target_mac,
                        const net::Address& target) const {
  ArpFrame f{};
  std::ranges::copy(to, f.begin());
  std::ranges::copy(mac_, f.begin() + 6);
  stun::store_be16(&f[12], kArp);
  std::ranges::copy(kEthernetAndIpv4, f.begin() + 14);
  stun::store_be16(&f[kOperation], operation);
  std::ranges::copy(mac_, f.begin() + kSenderMac);
  stun::store_be32(&f[kSenderIp], own_.v4_host_order());
  std::ranges::copy(target_mac, f.begin() + kTargetMac);
  stun::store_be32(&f[kTargetIp], target.v4_host_order());
  return f;
}

ArpFrame Gateway::request() const {
  return frame(kRequest, kBroadcast, net::MacAddress{}, relay_);
}

std::optional<ArpFrame> Gateway::input(std::span<const std::uint8_t> f) {
  if (f.size() < sizeof(ArpFrame) || stun::load_be16(&f[12]) != kArp) return std::nullopt;
  if (!std::ranges::equal(kEthernetAndIpv4, f.subspan(14, 6))) return std::nullopt;
  net::MacAddress sender;
  std::ranges::copy(f.subspan(kSenderMac, 6), sender.begin());
  const std::uint32_t sender_ip = address_at(f, kSenderIp);
  if (sender_ip == relay_.v4_host_order()) relay_mac_ = sender;
  const bool asks_us = stun::load_be16(&f[kOperation]) == kRequest && address_at(f, kTargetIp) == own_.v4_host_order();
  if (!asks_us) return std::nullopt;
  return frame(kReply, sender, sender, net::Address::v4(sender_ip));
}

tl::expected<net::MacAddress, std::string> find_relay(Link& link, Gateway& gateway) {
  const std::uint64_t start = load::now_ns();
  for (std::uint64_t ask_ns = start; !gateway.relay_mac();) {
    const std::uint64_t now = load::now_ns();
    if (now > start + kPatienceNs) {
      return tl::unexpected(fmt::format("nobody answers ARP for {}; is that the relay's address on this link?",
                                        net::to_string(gateway.relay())));
    }
    if (now >= ask_ns) {
      ask_ns = now + kAskEveryNs;
      (void)link.send_copy(gateway.request());
    }
    std::array<net::Packet*, 64> packets;
    const std::uint16_t n = link.receive(packets);
    for (std::uint16_t i = 0; i < n; ++i) {
      const auto answer = gateway.input(net::payload(const_cast<const net::Packet*>(packets[i])));
      if (answer) (void)link.send_copy(*answer);
      net::free(packets[i]);
    }
  }
  return *gateway.relay_mac();
}

}  // namespace penstock::frames

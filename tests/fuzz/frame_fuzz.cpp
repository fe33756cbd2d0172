// Any bytes as Ethernet frames: what parse_frame says lies inside the frame and is true of it, what can be written
// again comes out the same, and fragments go through reassembly, whose memory stays bounded and whose results parse.
//
// Input: an option byte, then frames, each behind two bytes of length.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/environment.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/net/ip_address.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/fragment.h"
#include "dataplane/port/dpdk/reassembly.h"
#include "tests/fuzz/require.h"

namespace penstock::port {
namespace {

using net::Frame;
using net::FrameKind;
using Bytes = std::span<const std::uint8_t>;

constexpr std::uint64_t kTick = 100'000'000;

struct Bed {
  net::PacketPool pool = net::PacketPool::create("frames", 255, 20'000, 0).value();
  Reassembly::Drops dropped;
  std::unique_ptr<Reassembly> reassembly =
      Reassembly::create("whole", {.datagrams = 8, .per_source = 4}, dropped).value();
  std::uint64_t now_ns = 0;
};

Bed& bed() {
  static const bool started = net::start_environment(128).has_value();
  REQUIRE(started);
  static Bed bed;
  return bed;
}

net::Packet* packet(Bytes bytes) {
  net::Packet* p = bed().pool.allocate();
  REQUIRE(p != nullptr);
  std::copy(bytes.begin(), bytes.end(),
            reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(p, static_cast<std::uint16_t>(bytes.size()))));
  return p;
}

void check_places(Bytes frame, const Frame& f) {
  if (f.kind == FrameKind::other || f.kind == FrameKind::malformed) return;
  REQUIRE(f.l3 == 14 || f.l3 == 18);
  REQUIRE(f.l4 >= f.l3 + (f.v6 ? 40 : 20));
  REQUIRE(f.payload >= f.l4);
  REQUIRE(std::size_t{f.payload} + f.payload_size <= frame.size());
  REQUIRE(f.source.address.is_v4() == !f.v6 && f.destination.address.is_v4() == !f.v6);
  REQUIRE(f.vlan == net::kNoVlan || (f.vlan > 0 && f.vlan < 4096));
}

// A datagram written from what was read is the same datagram, whole or cut to an MTU.
void check_datagram(Bytes frame, const Frame& f, std::size_t mtu) {
  REQUIRE(f.payload == f.l4 + 8);
  const auto sum = net::verified_payload_sum(frame, f);
  if (sum && f.udp_checksum != 0) REQUIRE(*sum % 0xffff == net::implied_payload_sum(f) % 0xffff);

  const Bytes payload = frame.subspan(f.payload, f.payload_size);
  net::DatagramHeader header{.source = f.source, .destination = f.destination, .payload_size = f.payload_size};
  header.tos = f.tos;
  header.ttl = f.ttl;
  header.dont_fragment = f.dont_fragment;
  header.udp_checksum = net::full_udp_checksum(header, net::fold(net::ones_sum(payload)));
  const std::size_t headers = net::headers_size(f.v6, f.vlan != net::kNoVlan);
  std::vector<std::uint8_t> written(headers);
  written.insert(written.end(), payload.begin(), payload.end());
  net::write_headers(written.data() + headers, {{}, {}, f.vlan}, header);
  const Frame again = net::parse_frame(written);
  REQUIRE(again.kind == FrameKind::datagram);
  REQUIRE(again.source == f.source && again.destination == f.destination && again.vlan == f.vlan);
  REQUIRE(again.tos == f.tos && again.ttl == f.ttl && again.dont_fragment == f.dont_fragment);
  REQUIRE(again.payload_size == f.payload_size && net::verified_payload_sum(written, again).has_value());

  net::Packet* whole = packet(written);
  std::array<net::Packet*, kMaxFragments> out{};
  const auto n = fragment(whole, mtu, 7, bed().pool, out);
  net::free(whole);
  for (std::size_t i = 0; n && i < *n; ++i) {
    const Frame piece = net::parse_frame(net::payload(out[i]));
    REQUIRE(piece.kind == (*n == 1 ? FrameKind::datagram : FrameKind::fragment));
    REQUIRE(out[i]->data_len <= mtu + net::link_header_size(f.vlan != net::kNoVlan));
    net::free(out[i]);
  }
}

void check_fragment(Bytes frame, const Frame& f) {
  net::Packet* whole = bed().reassembly->add(packet(frame), f, bed().now_ns += kTick);
  REQUIRE(bed().reassembly->counters().pending.get() <= 8);
  if (whole == nullptr) return;
  const Frame made = net::parse_frame(net::payload(whole));
  // A datagram without a checksum is as wrong in pieces as it is whole.
  const bool unsummed = made.kind == FrameKind::malformed && made.v6;
  REQUIRE(made.kind == FrameKind::datagram || unsummed);
  REQUIRE(unsummed || (made.source.address == f.source.address && made.destination.address == f.destination.address));
  net::free(whole);
}

void check(Bytes frame, bool trust_ip_checksum, std::size_t mtu) {
  const Frame f = net::parse_frame(frame, trust_ip_checksum);
  check_places(frame, f);
  if (f.kind == FrameKind::datagram) check_datagram(frame, f, mtu);
  if (f.kind == FrameKind::fragment) check_fragment(frame, f);
}

}  // namespace
}  // namespace penstock::port

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 60'000) return 0;
  std::span<const std::uint8_t> input{data, size};
  const std::uint8_t options = input[0];
  input = input.subspan(1);
  const std::size_t mtu = 40 + std::size_t{options} / 2 * 24;
  while (input.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(penstock::net::load_be16(input.data()), input.size() - 2);
    // A copy of its own, so that reading behind its end is seen.
    const std::vector<std::uint8_t> frame(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    if (frame.size() < 19'000) penstock::port::check(frame, (options & 1) != 0, mtu);
    input = input.subspan(2 + length);
  }
  penstock::port::bed().now_ns += 2'000'000'000;
  penstock::port::bed().reassembly->expire(penstock::port::bed().now_ns);
  REQUIRE(penstock::port::bed().reassembly->counters().pending.get() == 0);
  REQUIRE(penstock::port::bed().pool.in_use() == 0);
  return 0;
}

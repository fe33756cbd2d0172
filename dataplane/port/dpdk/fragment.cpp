#include "dataplane/port/dpdk/fragment.h"

#include <algorithm>
#include <cstring>

#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/net/ipv6_chain.h"

namespace penstock::port {
namespace {

constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;

// How a frame is to be cut.
struct Cut {
  std::span<const std::uint8_t> headers;  // link and IP, repeated in every fragment
  std::span<const std::uint8_t> payload;  // of IP, to be shared out
  std::size_t link_size;
  std::size_t header_size;  // of a fragment: `headers` and IPv6's fragment header
  std::size_t share;        // payload bytes of all fragments but the last, a multiple of 8
  bool v6;

  std::size_t count() const { return (payload.size() + share - 1) / share; }
};

// share 0: cannot be cut.
Cut plan(std::span<const std::uint8_t> frame, std::size_t mtu) {
  const bool tagged = net::load_be16(&frame[12]) == 0x8100;
  Cut cut{};
  cut.link_size = net::link_header_size(tagged);
  cut.v6 = frame[cut.link_size] >> 4 == 6;
  const std::size_t ip_size = cut.v6 ? net::kIpv6HeaderBytes : net::kIpv4HeaderBytes;
  cut.headers = frame.first(cut.link_size + ip_size);
  cut.payload = frame.subspan(cut.headers.size());
  cut.header_size = cut.headers.size() + (cut.v6 ? net::kIpv6FragmentHeaderBytes : 0);
  const std::size_t overhead = cut.header_size - cut.link_size;
  const bool allowed = cut.v6 || (net::load_be16(&frame[cut.link_size + 6]) & kDontFragment) == 0;
  cut.share = allowed && mtu > overhead ? (mtu - overhead) / 8 * 8 : 0;
  return cut;
}

void mark_ipv4(std::uint8_t* ip, std::size_t offset, bool more, std::size_t size) {
  net::store_be16(ip + 2, static_cast<std::uint16_t>(net::kIpv4HeaderBytes + size));
  net::store_be16(ip + 6, static_cast<std::uint16_t>(offset / 8 | (more ? kMoreFragments : 0)));
  net::store_be16(ip + 10, 0);
  const std::uint16_t checksum = net::complement(net::ones_sum({ip, net::kIpv4HeaderBytes}));
  std::memcpy(ip + 10, &checksum, sizeof checksum);
}

void mark_ipv6(std::uint8_t* ip, std::size_t offset, bool more, std::size_t size, std::uint32_t id) {
  net::store_be16(ip + 4, static_cast<std::uint16_t>(net::kIpv6FragmentHeaderBytes + size));
  ip[6] = net::kProtocolFragment;
  std::uint8_t* header = ip + net::kIpv6HeaderBytes;
  header[0] = net::kProtocolUdp;
  header[1] = 0;
  net::store_be16(header + 2, static_cast<std::uint16_t>(offset | (more ? 1 : 0)));
  net::store_be32(header + 4, id);
}

void write(net::Packet* p, const Cut& cut, std::size_t offset, std::uint32_t ipv6_id) {
  const std::size_t size = std::min(cut.share, cut.payload.size() - offset);
  const bool more = offset + size < cut.payload.size();
  auto* frame =
      reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(p, static_cast<std::uint16_t>(cut.header_size + size)));
  std::memcpy(frame, cut.headers.data(), cut.headers.size());
  std::memcpy(frame + cut.header_size, cut.payload.data() + offset, size);
  std::uint8_t* ip = frame + cut.link_size;
  if (cut.v6) {
    mark_ipv6(ip, offset, more, size, ipv6_id);
  } else {
    mark_ipv4(ip, offset, more, size);
  }
}

}  // namespace

tl::expected<std::size_t, net::Drop> fragment(const net::Packet* frame, std::size_t mtu, std::uint32_t ipv6_id,
                                              net::PacketPool& pool, std::span<net::Packet*> out) {
  const Cut cut = plan(net::payload(frame), mtu);
  if (cut.share == 0 || cut.count() > out.size()) return tl::unexpected(net::Drop::tx_too_big);
  const std::span<net::Packet*> pieces = out.first(cut.count());
  if (!pool.allocate_bulk(pieces)) return tl::unexpected(net::Drop::tx_no_buffer);
  if (rte_pktmbuf_tailroom(pieces[0]) < cut.header_size + std::min(cut.share, cut.payload.size())) {
    for (net::Packet* p : pieces) net::free(p);
    return tl::unexpected(net::Drop::tx_too_big);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) write(pieces[i], cut, i * cut.share, ipv6_id);
  return pieces.size();
}

}  // namespace penstock::port

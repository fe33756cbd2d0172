#include "bench/load/frames/datagram.h"

#include <algorithm>

#include "dataplane/net/checksum.h"

namespace penstock::frames {

std::vector<std::uint8_t> datagram_frame(const net::LinkHeader& link, const net::Endpoint& source,
                                         const net::Endpoint& destination, std::span<const std::uint8_t> payload) {
  const std::size_t headers = net::headers_size(false, false);
  std::vector<std::uint8_t> frame(headers + payload.size());
  std::ranges::copy(payload, frame.begin() + static_cast<std::ptrdiff_t>(headers));
  net::DatagramHeader h{
      .source = source, .destination = destination, .payload_size = static_cast<std::uint16_t>(payload.size())};
  h.udp_checksum = net::full_udp_checksum(h, net::fold(net::ones_sum(payload)));
  net::write_headers(frame.data() + headers, link, h);
  return frame;
}

}  // namespace penstock::frames

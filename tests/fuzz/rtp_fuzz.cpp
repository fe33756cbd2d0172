// Any bytes as an RTP packet: what parses stays inside the datagram, and its fixed header can be written again.

#include <algorithm>
#include <array>
#include <cstdint>

#include "dataplane/rtp/header.h"
#include "tests/fuzz/require.h"

namespace penstock::rtp {
namespace {

void walk(Bytes packet) {
  is_rtcp(packet);
  const auto header = parse_header(packet);
  if (!header) return;
  REQUIRE(header->header_bytes >= kFixedHeaderBytes + header->csrc_count * 4u);
  REQUIRE(header->header_bytes <= packet.size());
  REQUIRE(header->extension_offset + header->extension_bytes <= header->header_bytes);
  REQUIRE(header->extension_of(packet).size() % 4 == 0);
  REQUIRE(header->extension || header->extension_bytes == 0);

  const auto payload = payload_of(*header, packet);
  REQUIRE(payload || header->padding);
  if (payload) {
    REQUIRE(payload->data() == packet.data() + header->header_bytes);
    REQUIRE(payload->size() + header->header_bytes <= packet.size());
    REQUIRE(header->padding == (payload->size() + header->header_bytes < packet.size()));
  }
  for (std::size_t size = 0; size < packet.size(); size += 7) payload_of(*header, packet.first(size));

  std::array<std::uint8_t, kFixedHeaderBytes> again;
  write_fixed_header(again, {header->ssrc, header->timestamp, header->sequence, header->payload_type, header->marker});
  REQUIRE(std::ranges::equal(Bytes(again).subspan(1), packet.subspan(1, kFixedHeaderBytes - 1)));
}

}  // namespace
}  // namespace penstock::rtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::rtp::walk({data, size});
  return 0;
}

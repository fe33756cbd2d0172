#include "dataplane/net/ipv6_chain.h"

#include "dataplane/net/bytes.h"

namespace penstock::net {
namespace {

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kDestinationOptions = 60;

// More than any honest sender needs; bounds the walk.
constexpr int kMaxHeaders = 8;

// Whether all options may be skipped by who does not know them: RFC 8200 section 4.2, the two highest bits are 00.
bool only_skippable(std::span<const std::uint8_t> options) {
  while (!options.empty()) {
    const std::uint8_t type = options[0];
    if (type >> 6 != 0) return false;
    constexpr std::uint8_t kPad1 = 0;
    const std::size_t size = type == kPad1 ? 1 : options.size() < 2 ? options.size() + 1 : std::size_t{2} + options[1];
    if (size > options.size()) return false;
    options = options.subspan(size);
  }
  return true;
}

// A whole datagram inside a fragment header: offset 0 and no more to come.
bool is_atomic(const std::uint8_t* fragment_header) {
  return (load_be16(fragment_header + 2) & 0xfff9) == 0;
}

// RFC 5095: a source route with stops left is not to be followed, so what is behind it is not for us.
bool is_travelled(const std::uint8_t* routing_header) {
  return routing_header[3] == 0;
}

}  // namespace

Ipv6Chain walk_ipv6_chain(std::span<const std::uint8_t> frame, std::uint8_t protocol, std::size_t at, std::size_t end) {
  using End = Ipv6Chain::End;
  const auto ends = [&](End how) { return Ipv6Chain{how, protocol, static_cast<std::uint16_t>(at)}; };
  for (int n = 0; n < kMaxHeaders; ++n) {
    const bool options = protocol == kHopByHop || protocol == kDestinationOptions;
    if (!options && protocol != kRouting && protocol != kProtocolFragment) return ends(End::upper_layer);
    if (end - at < 8) return ends(End::truncated);
    const std::uint8_t* header = frame.data() + at;
    std::size_t size = 8;
    if (protocol == kProtocolFragment) {
      protocol = header[0];
      if (!is_atomic(header)) return ends(End::fragment);
    } else {
      size += std::size_t{header[1]} * 8;
      if (size > end - at) return ends(End::truncated);
      if (options ? !only_skippable({header + 2, size - 2}) : !is_travelled(header)) return ends(End::foreign);
      protocol = header[0];
    }
    at += size;
  }
  return ends(End::foreign);
}

}  // namespace penstock::net

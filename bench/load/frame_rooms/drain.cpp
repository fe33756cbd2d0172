#include "bench/load/frame_rooms/drain.h"

#include <rte_cycles.h>
#include <rte_prefetch.h>

#include <array>
#include <cstdio>

#include "dataplane/net/frame.h"

namespace penstock::frame_rooms {
namespace {

constexpr unsigned kBurst = 64;
constexpr unsigned kLookAhead = 8;

void run_until(frames::Link& link, std::uint64_t end, DrainResult& result) {
  for (std::uint64_t now = rte_rdtsc(); now < end;) {
    std::array<net::Packet*, kBurst> packets;
    const unsigned n = link.receive(packets);
    for (unsigned i = 0; i < n; ++i) {
      if (i + kLookAhead < n) rte_prefetch0(rte_pktmbuf_mtod(packets[i + kLookAhead], void*));
      const auto frame = net::parse_frame(net::payload(const_cast<const net::Packet*>(packets[i])));
      if (frame.kind == net::FrameKind::datagram) ++result.frames;
    }
    rte_pktmbuf_free_bulk(packets.data(), n);
    const std::uint64_t after = rte_rdtsc();
    result.cycles += after - now;
    if (n > 0) {
      ++result.receives;
      result.busy_cycles += after - now;
    }
    now = after;
  }
}

}  // namespace

DrainResult drain(frames::Link& link, double warmup_s, double duration_s) {
  const auto cycles_of = [](double s) { return static_cast<std::uint64_t>(s * static_cast<double>(rte_get_tsc_hz())); };
  DrainResult result;
  run_until(link, rte_rdtsc() + cycles_of(warmup_s), result);
  result = {};
  std::fputs("frame_rooms: measuring\n", stderr);
  const std::uint64_t begin = rte_rdtsc();
  run_until(link, begin + cycles_of(duration_s), result);
  result.seconds = static_cast<double>(rte_rdtsc() - begin) / static_cast<double>(rte_get_tsc_hz());
  return result;
}

}  // namespace penstock::frame_rooms

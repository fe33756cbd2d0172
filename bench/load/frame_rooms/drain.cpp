#include "bench/load/frame_rooms/drain.h"

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

#include <array>
#include <cstdio>

#include "dataplane/net/frame.h"

namespace penstock::frame_rooms {
namespace {

constexpr unsigned kBurst = 64;
constexpr unsigned kLookAhead = 8;

std::uint64_t cycles_of(double seconds) {
  return static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
}

void pause_until(std::uint64_t end) {
  while (rte_rdtsc() < end) rte_pause();
}

void run_until(frames::Link& link, std::uint64_t end, double pause_us, DrainResult& result) {
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
    pause_until(after + cycles_of(pause_us * 1e-6));
    now = after;
  }
}

}  // namespace

DrainResult drain(frames::Link& link, const DrainPlan& plan) {
  DrainResult result;
  run_until(link, rte_rdtsc() + cycles_of(plan.warmup_s), plan.pause_us, result);
  result = {};
  std::fputs("frame_rooms: measuring\n", stderr);
  const std::uint64_t begin = rte_rdtsc();
  run_until(link, begin + cycles_of(plan.duration_s), plan.pause_us, result);
  result.seconds = static_cast<double>(rte_rdtsc() - begin) / static_cast<double>(rte_get_tsc_hz());
  return result;
}

}  // namespace penstock::frame_rooms

// What a packet costs between the device's buffer and the service, frames in cache: taking it apart, summing its
// payload, writing its headers.

#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <vector>

#include "dataplane/net/checksum.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/frame_headers.h"

namespace penstock::net {
namespace {

constexpr std::size_t kFrames = 64;
constexpr MacAddress kMac = {2, 0, 0, 0, 0, 1};

void count_packets(benchmark::State& state, std::size_t per_iteration) {
  const auto packets = static_cast<double>(state.iterations()) * static_cast<double>(per_iteration);
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

Endpoint host(bool v6, std::size_t n) {
  Endpoint e{Address::v4(0x0a000001 + static_cast<std::uint32_t>(n)), static_cast<std::uint16_t>(1024 + n)};
  if (v6) e.address.bytes[0] = 0xfd;
  return e;
}

// Different flows of 1200-byte ChannelData.
std::vector<std::vector<std::uint8_t>> frames(bool v6, bool tagged) {
  std::vector<std::vector<std::uint8_t>> all;
  const std::size_t headers = headers_size(v6, tagged);
  for (std::size_t i = 0; i < kFrames; ++i) {
    std::vector<std::uint8_t> frame(headers + 1204, static_cast<std::uint8_t>(i));
    const Endpoint source = host(v6, i);
    const Endpoint destination = host(v6, i + 1000);
    DatagramHeader h{.source = source, .destination = destination, .payload_size = 1204};
    h.udp_checksum = full_udp_checksum(h, fold(ones_sum(std::span(frame).subspan(headers))));
    write_headers(frame.data() + headers, {kMac, kMac, tagged ? std::uint16_t{42} : kNoVlan}, h);
    all.push_back(std::move(frame));
  }
  return all;
}

void parse(benchmark::State& state, bool v6, bool tagged, bool ip_checksum_good) {
  const auto all = frames(v6, tagged);
  if (parse_frame(all[0]).kind != FrameKind::datagram) return state.SkipWithError("not understood");
  for (auto _ : state) {
    for (const auto& frame : all) {
      const Frame f = parse_frame(frame, ip_checksum_good);
      benchmark::DoNotOptimize(f);
    }
  }
  count_packets(state, kFrames);
}
BENCHMARK_CAPTURE(parse, ipv4, false, false, false);
BENCHMARK_CAPTURE(parse, ipv4_header_verified, false, false, true);
BENCHMARK_CAPTURE(parse, ipv4_tagged, false, true, false);
BENCHMARK_CAPTURE(parse, ipv6, true, false, false);

void implied_sum(benchmark::State& state) {
  const auto all = frames(false, false);
  std::vector<Frame> parsed;
  for (const auto& frame : all) parsed.push_back(parse_frame(frame));
  for (auto _ : state) {
    for (const Frame& f : parsed) benchmark::DoNotOptimize(implied_payload_sum(f));
  }
  count_packets(state, kFrames);
}
BENCHMARK(implied_sum);

void payload_sum(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)), 0x5a);
  for (auto _ : state) benchmark::DoNotOptimize(ones_sum(bytes));
  count_packets(state, 1);
}
BENCHMARK(payload_sum)->Arg(4)->Arg(36)->Arg(100)->Arg(1200)->Arg(9000);

// As transmit does it: checksum from the payload's sum, all headers.
void write(benchmark::State& state, bool v6) {
  std::array<std::uint8_t, 128> buffer{};
  std::vector<Endpoint> hosts;
  for (std::size_t i = 0; i <= kFrames; ++i) hosts.push_back(host(v6, i));
  const LinkHeader link{kMac, kMac};
  for (auto _ : state) {
    for (std::size_t i = 0; i < kFrames; ++i) {
      DatagramHeader h{.source = hosts[i], .destination = hosts[i + 1], .payload_size = 1200};
      h.udp_checksum = full_udp_checksum(h, static_cast<std::uint16_t>(i));
      benchmark::DoNotOptimize(write_headers(buffer.data() + buffer.size(), link, h));
      benchmark::ClobberMemory();
    }
  }
  count_packets(state, kFrames);
}
BENCHMARK_CAPTURE(write, ipv4, false);
BENCHMARK_CAPTURE(write, ipv6, true);

}  // namespace
}  // namespace penstock::net

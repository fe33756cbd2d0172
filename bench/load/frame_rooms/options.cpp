#include "bench/load/frame_rooms/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

#include "bench/load/sfu/media/stamp.h"

namespace penstock::frame_rooms {
namespace {

const std::map<std::string, Mode> kModes{{"room", Mode::room}, {"drain", Mode::drain}};
/// What fits an Ethernet frame with all headers, extensions and tag.
constexpr std::uint16_t kLargestPayload = 1360;
constexpr std::uint32_t kMostViewers = 20'000;

/// Endpoints as text, until CLI11 is done.
struct Texts {
  std::string gateway = "10.0.0.2";
  std::string relay = "10.0.0.1";
  std::string client = "10.64.0.1:40000";
};

void add_link_options(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--device", options.link.device, "DPDK device, as in net_memif,role=client,id=0,socket=FILE");
  app.add_flag("--huge-pages", options.link.huge_pages, "take memory from the reserved huge pages");
  app.add_option("--memory", options.link.memory_mb, "MB of memory for packets")->capture_default_str();
  app.add_option("--packets", options.link.packets, "packets of the receiving pool")->capture_default_str();
  app.add_option("--descriptors", options.link.descriptors, "of each ring of the link")->capture_default_str();
  app.add_option("--gateway", texts.gateway, "our address on the link; the relay's gateway")->capture_default_str();
  app.add_option("--relay", texts.relay, "the relay's address on the link")->capture_default_str();
  app.add_option("--client", texts.client, "of who publishes; viewer i has the i-th address after it")
      ->capture_default_str();
}

void add_load_options(CLI::App& app, Options& options, std::uint32_t& viewers) {
  app.add_option("-n,--viewers", viewers, "who get the one track")->capture_default_str();
  app.add_option("--size", options.camera.payload_bytes, "bytes of RTP payload")->capture_default_str();
  app.add_option("--frame", options.camera.frame_packets, "packets of a video frame")->capture_default_str();
  app.add_option("--rate", options.plan.rate_pps, "packets published per second; 0: flat out")->capture_default_str();
  app.add_option("--burst", options.plan.burst, "packets published at once")->capture_default_str();
  app.add_option("--window", options.plan.window, "flat out: packets on their way to viewers that a burst waits for")
      ->capture_default_str();
  app.add_option("--interval", options.plan.interval_s, "seconds between a viewer's feedback datagrams, at most")
      ->capture_default_str();
  app.add_option("--warmup", options.plan.warmup_s, "seconds of load before the measurement")->capture_default_str();
  app.add_option("--duration", options.plan.duration_s, "measured seconds")->capture_default_str();
  app.add_option("--drain-pause", options.drain_pause_us,
                 "mode drain: microseconds between two receives, for a receiver that does not keep up")
      ->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "endpoints that are being connected at once")
      ->capture_default_str();
}

template <class T>
T or_exit(tl::expected<T, std::string> value, const char* option) {
  if (value) return *value;
  std::cerr << "frame_rooms: " << option << ": " << value.error() << '\n';
  std::exit(2);
}

}  // namespace

std::string_view name_of(Mode mode) {
  return mode == Mode::room ? "room" : "drain";
}

tl::expected<Options, std::string> checked(Options options) {
  const auto refuse = [](std::string why) { return tl::unexpected(std::move(why)); };
  const auto& plan = options.plan;
  if (options.link.device.empty()) return refuse("--device is needed");
  if (plan.duration_s <= 0 || plan.warmup_s < 0 || plan.interval_s <= 0) {
    return refuse("--duration and --interval must be positive");
  }
  for (const net::Address& a : {options.cast.gateway, options.cast.server.address, options.cast.client.address}) {
    if (!a.is_v4()) return refuse(fmt::format("{}: frame_rooms speaks IPv4 only", net::to_string(a)));
  }
  if (options.cast.client.port == 0) return refuse("--client needs a port");
  if (options.viewers() == 0 || options.viewers() > kMostViewers) {
    return refuse(fmt::format("--viewers must be 1 to {}", kMostViewers));
  }
  constexpr std::size_t kLeast = Camera::kHeadBytes + load::media::kStampBytes;
  if (options.camera.payload_bytes < kLeast || options.camera.payload_bytes > kLargestPayload) {
    return refuse(fmt::format("--size must be {} to {}", kLeast, kLargestPayload));
  }
  if (options.camera.frame_packets == 0) return refuse("--frame must be at least 1");
  if (plan.burst == 0 || plan.burst > Camera::kMostAtOnce) {
    return refuse(fmt::format("--burst must be 1 to {}", Camera::kMostAtOnce));
  }
  if (plan.window == 0 || options.concurrency == 0) return refuse("--window and --concurrency must be at least 1");
  return options;
}

Options parse_command_line(int argc, char** argv) {
  CLI::App app{
      "Load generator for rooms on a DPDK device: one WebRTC endpoint publishes, many watch, without a kernel."};
  Options options;
  std::uint32_t viewers = 10;
  Texts texts;
  app.add_option_function<std::string>(
         "--mode", [&](const std::string& key) { options.mode = kModes.at(key); },
         "room; drain: the other end only sends, frames are received and freed")
      ->check(CLI::IsMember(kModes));
  add_link_options(app, options, texts);
  add_load_options(app, options, viewers);
  app.add_option("--api", options.api, "the relay's control API")->capture_default_str();
  app.add_option("--cpu", options.cpu, "pin the polling thread to this core");
  app.add_option("--metrics", options.metrics, "URL of the relay's metrics: its cycles per packet are reported");
  app.add_option("--json", options.json, "write the result to this file, - for standard output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.cast.flows = viewers + 1;
  options.cast.gateway = or_exit(net::parse_address(texts.gateway), "--gateway");
  options.cast.server = {or_exit(net::parse_address(texts.relay), "--relay"), 0};
  options.cast.client = or_exit(net::parse_endpoint(texts.client, 40000), "--client");
  auto good = checked(options);
  if (good) return *good;
  std::cerr << "frame_rooms: " << good.error() << '\n';
  std::exit(2);
}

}  // namespace penstock::frame_rooms

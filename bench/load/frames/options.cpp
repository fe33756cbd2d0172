#include "bench/load/frames/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

namespace penstock::frames {
namespace {

const std::map<std::string, Mode> kModes{{"relay", Mode::relay}, {"reflect", Mode::reflect}, {"spin", Mode::spin}};
const std::map<std::string, Direction> kDirections{
    {"to-peer", Direction::to_peer}, {"to-client", Direction::to_client}, {"both", Direction::both}};
/// What fits an Ethernet frame with all headers.
constexpr std::uint16_t kLargestPayload = 1400;
/// Permissions last 300 s (RFC 8656 section 9), and nothing is refreshed.
constexpr double kLongestRun = 240;

template <class T>
std::string_view key_of(const std::map<std::string, T>& names, T value) {
  for (const auto& [name, named] : names) {
    if (named == value) return name;
  }
  return "?";
}

/// An option that takes one of a map's keys.
template <class T>
void add_choice(CLI::App& app, const char* name, T& value, const std::map<std::string, T>& choices, const char* help) {
  app.add_option_function<std::string>(
         name, [&](const std::string& key) { value = choices.at(key); }, help)
      ->check(CLI::IsMember(choices));
}

/// Endpoints as text, until CLI11 is done.
struct Texts {
  std::string gateway = "10.0.0.2";
  std::string server = "10.0.0.1:3478";
  std::string client = "10.64.0.1:40000";
  std::string peer = "10.128.0.1:50000";
};

void add_link_options(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--device", options.link.device, "DPDK device, as in net_memif,role=client,id=0,socket=FILE");
  app.add_flag("--huge-pages", options.link.huge_pages, "take memory from the reserved huge pages");
  app.add_option("--memory", options.link.memory_mb, "MB of memory for packets")->capture_default_str();
  app.add_option("--packets", options.link.packets, "packets of the receiving pool")->capture_default_str();
  app.add_option("--gateway", texts.gateway, "our address on the link; the relay's gateway")->capture_default_str();
  app.add_option("--server", texts.server, "relay's UDP endpoint")->capture_default_str();
  app.add_option("--client", texts.client, "client 0; client i has the i-th address after it")->capture_default_str();
  app.add_option("--peer", texts.peer, "peer 0, likewise")->capture_default_str();
  app.add_option("--user", options.user, "long-term user name");
  app.add_option("--password", options.password, "its password");
  app.add_option("--concurrency", options.concurrency, "requests under way at once")->capture_default_str();
}

void add_load_options(CLI::App& app, Options& options) {
  app.add_option("-n,--flows", options.cast.flows, "channels, each with an allocation of its own")
      ->capture_default_str();
  add_choice(app, "--direction", options.direction, kDirections, "to-peer, to-client, both");
  app.add_option("--size", options.payload_bytes, "payload bytes per packet")->capture_default_str();
  app.add_option("--rate", options.rate_pps, "packets per second, all together; 0: flat out")->capture_default_str();
  app.add_option("--window", options.window, "flat out: most packets in flight")->capture_default_str();
  app.add_option("--warmup", options.warmup_s, "seconds of load before the measurement")->capture_default_str();
  app.add_option("--duration", options.duration_s, "measured seconds")->capture_default_str();
}

template <class T>
T or_exit(tl::expected<T, std::string> value, const char* option) {
  if (value) return *value;
  std::cerr << "frame_load: " << option << ": " << value.error() << '\n';
  std::exit(2);
}

}  // namespace

tl::expected<Options, std::string> checked(Options options) {
  const auto refuse = [](std::string why) { return tl::unexpected(std::move(why)); };
  if (options.duration_s <= 0 || options.warmup_s < 0) return refuse("--duration must be positive");
  if (options.mode == Mode::spin) return options;
  if (options.link.device.empty()) return refuse("--device is needed");
  if (options.mode == Mode::relay && options.user.empty()) return refuse("--user and --password are needed");
  const Cast& cast = options.cast;
  for (const net::Address& a : {cast.gateway, cast.server.address, cast.client.address, cast.peer.address}) {
    if (!a.is_v4()) return refuse(fmt::format("{}: frame_load speaks IPv4 only", net::to_string(a)));
  }
  if (cast.server.port == 0 || cast.client.port == 0 || cast.peer.port == 0) {
    return refuse("--server, --client and --peer need a port");
  }
  if (cast.flows == 0 || cast.flows > 1u << 20) return refuse("--flows must be 1 to 1048576");
  if (options.payload_bytes < kStampBytes + 8 || options.payload_bytes > kLargestPayload) {
    return refuse(fmt::format("--size must be {} to {}", kStampBytes + 8, kLargestPayload));
  }
  if (options.window < 128) return refuse("--window must be at least 128");
  if (options.concurrency == 0) return refuse("--concurrency must be at least 1");
  if (options.warmup_s + options.duration_s > kLongestRun) {
    return refuse(fmt::format("a run may take {} s, as permissions are not refreshed", kLongestRun));
  }
  return options;
}

Options parse_command_line(int argc, char** argv) {
  CLI::App app{"Load generator for TURN relays on a DPDK device: clients, peers and gateway in one, without a kernel."};
  Options options;
  options.cast.flows = 65536;
  Texts texts;
  add_choice(app, "--mode", options.mode, kModes,
             "relay; reflect: the other end returns every frame; spin: no link, this core's pauses");
  add_link_options(app, options, texts);
  add_load_options(app, options);
  app.add_option("--cpu", options.cpu, "pin the polling thread to this core");
  app.add_option("--metrics", options.metrics, "URL of the relay's metrics: its cycles per packet are reported");
  app.add_option("--json", options.json, "write the result to this file, - for standard output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.cast.gateway = or_exit(net::parse_address(texts.gateway), "--gateway");
  options.cast.server = or_exit(net::parse_endpoint(texts.server, 3478), "--server");
  options.cast.client = or_exit(net::parse_endpoint(texts.client, 40000), "--client");
  options.cast.peer = or_exit(net::parse_endpoint(texts.peer, 50000), "--peer");
  auto good = checked(options);
  if (good) return *good;
  std::cerr << "frame_load: " << good.error() << '\n';
  std::exit(2);
}

std::string_view name_of(Mode mode) {
  return key_of(kModes, mode);
}
std::string_view name_of(Direction direction) {
  return key_of(kDirections, direction);
}

}  // namespace penstock::frames

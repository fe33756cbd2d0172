#include "bench/load/turn/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

#include "bench/load/turn/packet_shape.h"

namespace penstock::load {
namespace {

const std::map<std::string, Mode> kModes{{"relay", Mode::relay}, {"allocate", Mode::allocate}, {"hold", Mode::hold}};
const std::map<std::string, Direction> kDirections{{"to-peer", Direction::to_peer},
                                                   {"to-client", Direction::to_client},
                                                   {"both", Direction::both},
                                                   {"echo", Direction::echo}};
const std::map<std::string, Framing> kFramings{{"channel", Framing::channel_data}, {"send", Framing::send_indication}};
const std::map<std::string, ClientSockets> kClientSockets{
    {"auto", ClientSockets::automatic}, {"each", ClientSockets::each}, {"shared", ClientSockets::shared}};

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
  std::string server = "127.0.0.1:3478";
  std::string client;
  std::string peer;
};

void add_network_options(CLI::App& app, Options& options, Texts& texts) {
  app.add_option("--server", texts.server, "server's UDP endpoint")->capture_default_str();
  app.add_option("--user", options.user, "long-term user name")->capture_default_str();
  app.add_option("--password", options.password, "its password");
  app.add_option("-n,--allocations", options.allocations,
                 "number of allocations, or of clients that take turns in mode allocate (default: 50, in mode allocate "
                 "on 127/8 50000)");
  app.add_option("--client", texts.client,
                 "first client ADDRESS[:PORT] (default: 127.1.0.1 for a server on 127/8, ::1 for ::1, else any)");
  app.add_option("--client-addresses", options.client_addresses,
                 "consecutive client addresses in use (default: one per allocation on 127/8, else 1)");
  add_choice(app, "--client-sockets", options.client_sockets, kClientSockets,
             "each: a connected socket per client; shared: one per client port, all addresses on it (IPv4)");
  app.add_option("--peer", texts.peer, "first peer ADDRESS[:PORT] (default: the server's address, any port)");
  app.add_option("--peers", options.peers, "number of peers, on consecutive ports")->capture_default_str();
  app.add_option("--bare-port", options.bare_port, "the server is bare_forwarder with relay ports from here on");
}

void add_load_options(CLI::App& app, Options& options) {
  add_choice(app, "--direction", options.direction, kDirections, "to-peer, to-client, both, echo");
  add_choice(app, "--framing", options.framing, kFramings, "channel (ChannelData) or send (Send indications)");
  app.add_option("--size", options.payload_bytes, "payload bytes per datagram")->capture_default_str();
  app.add_option("--train", options.train, "equal datagrams back to back per turn")->capture_default_str();
  app.add_flag("--train-as-singles", options.train_as_singles, "send trains by sendmmsg instead of UDP_SEGMENT");
  app.add_flag("--gro", options.gro, "receive with UDP_GRO");
  app.add_option("--rate", options.rate_pps, "datagrams per second and direction; 0: flat out")->capture_default_str();
  app.add_option("--window", options.window, "flat out: most datagrams in flight per direction; 0: unbounded")
      ->capture_default_str();
  app.add_option("--duration", options.duration_s, "measured seconds")->capture_default_str();
  app.add_option("--warmup", options.warmup_s, "seconds of the same load before that")->capture_default_str();
  app.add_option("--packets", options.packets, "stop after so many measured datagrams")->capture_default_str();
  app.add_option("--refresh", options.refresh_s, "seconds between refreshes of everything")->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "requests under way at once")->capture_default_str();
}

net::Endpoint endpoint_or_exit(const std::string& text, const char* option) {
  const auto endpoint = net::parse_endpoint(text, 0);
  if (endpoint) return *endpoint;
  std::cerr << "turn_load: " << option << ": " << endpoint.error() << '\n';
  std::exit(2);
}

bool is_loopback_v4(const net::Address& address) {
  return address.is_v4() && address.v4_host_order() >> 24 == 127;
}

/// Cycles need many clients: a server may hold on to a deleted allocation's 5-tuple (coturn does, for a second).
unsigned default_allocations(const Options& options) {
  if (options.mode != Mode::allocate) return 50;
  return is_loopback_v4(options.server.address) ? 50'000 : 5'000;
}

/// Clients on addresses of their own where the machine has plenty: servers limit answers per source address.
void default_endpoints(Options& options, const Texts& texts) {
  const net::Address& server = options.server.address;
  if (options.allocations == 0) options.allocations = default_allocations(options);
  if (!texts.client.empty()) {
    options.client = endpoint_or_exit(texts.client, "--client");
  } else if (is_loopback_v4(server)) {
    options.client.address = net::Address::v4(0x7f010001);
  } else {
    options.client.address = server.is_v4() ? net::Address::v4(0) : net::Address{};
  }
  options.peer = texts.peer.empty() ? net::Endpoint{server, 0} : endpoint_or_exit(texts.peer, "--peer");
  if (options.client_addresses == 0) {
    options.client_addresses = is_loopback_v4(options.client.address) ? options.allocations : 1;
  }
}

}  // namespace

tl::expected<Options, std::string> checked(Options options) {
  const auto refuse = [](std::string why) { return tl::unexpected(std::move(why)); };
  if (options.server.port == 0) return refuse("--server needs a port, as in 127.0.0.1:3478");
  if (options.bare_port == 0 && options.user.empty()) return refuse("--user and --password are needed");
  if (options.bare_port != 0 && options.mode != Mode::relay) return refuse("--bare-port goes with --mode relay only");
  if (options.bare_port != 0 && options.client.port == 0) return refuse("--bare-port needs --client ADDRESS:PORT");
  if (options.peers == 0 || options.train == 0 || options.concurrency == 0) {
    return refuse("--peers, --train and --concurrency must be at least 1");
  }
  if (options.mode == Mode::hold && !options.server_pid) return refuse("--mode hold needs --server-pid");
  if ((options.mode == Mode::hold || options.mode == Mode::allocate) && options.duration_s <= 0) {
    return refuse("--duration must be positive");
  }
  if (options.payload_bytes < kStampBytes || options.payload_bytes > kLargestPayload) {
    return refuse(fmt::format("--size must be {} to {}: every payload carries a stamp", kStampBytes, kLargestPayload));
  }
  const bool segmented = options.train > 1 && !options.train_as_singles;
  const std::size_t train_bytes = std::size_t{options.train} * (options.payload_bytes + kLongestPrefix);
  if (segmented && (options.train > kMostSegments || train_bytes > kLargestDatagram)) {
    return refuse(fmt::format("--train {} of {} bytes exceeds what UDP_SEGMENT takes: {} datagrams, {} bytes",
                              options.train, options.payload_bytes, kMostSegments, kLargestDatagram));
  }
  if (options.train > kMostSegments) return refuse(fmt::format("--train must be at most {}", kMostSegments));
  if (options.client_sockets == ClientSockets::shared && !options.client.address.is_v4()) {
    return refuse("--client-sockets shared is for IPv4");
  }
  if (options.client_sockets == ClientSockets::automatic) {
    const bool sends_only = options.mode == Mode::relay && options.direction == Direction::to_peer;
    const bool several = options.client_addresses > 1;
    options.client_sockets = several && !(sends_only && options.allocations <= kMostSocketsByDefault)
                                 ? ClientSockets::shared
                                 : ClientSockets::each;
  }
  return options;
}

Options parse_command_line(int argc, char** argv) {
  CLI::App app{"Load generator for TURN servers over UDP (RFC 8656)."};
  Options options;
  Texts texts;
  add_choice(app, "--mode", options.mode, kModes, "relay, allocate or hold");
  add_network_options(app, options, texts);
  add_load_options(app, options);
  app.add_option("--server-pid", options.server_pid, "measure this process's CPU time and memory");
  app.add_option("--cpu", options.cpu, "pin to this core");
  app.add_option("--json", options.json, "write the result to this file, - for standard output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  options.server = endpoint_or_exit(texts.server, "--server");
  default_endpoints(options, texts);
  auto good = checked(options);
  if (good) return *good;
  std::cerr << "turn_load: " << good.error() << '\n';
  std::exit(2);
}

std::string_view name_of(Mode mode) {
  return key_of(kModes, mode);
}
std::string_view name_of(Direction direction) {
  return key_of(kDirections, direction);
}
std::string_view name_of(Framing framing) {
  return key_of(kFramings, framing);
}

}  // namespace penstock::load

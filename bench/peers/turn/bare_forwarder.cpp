// bare_forwarder: what the kernel's UDP sockets cost a relay, measured by the same generator as the relays themselves.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>

#include "bench/load/turn/server_process.h"
#include "bench/peers/turn/forwarder.h"

namespace {

using penstock::peers::Forwarder;
using penstock::peers::ForwarderOptions;
namespace net = penstock::net;

net::Endpoint v4_endpoint_or_exit(const std::string& text, const char* option) {
  const auto endpoint = net::parse_endpoint(text, 0);
  if (endpoint && endpoint->address.is_v4() && endpoint->port != 0) return *endpoint;
  std::cerr << "bare_forwarder: " << option << " must be an IPv4 address and a port, not " << text << '\n';
  std::exit(2);
}

int run(int argc, char** argv) {
  CLI::App app{"UDP forwarder with a TURN relay's sockets and no protocol; a baseline for turn_load --bare-port."};
  ForwarderOptions options;
  std::string listen = "127.0.0.1:3478";
  std::string client = "127.1.0.1:40000";
  std::string relay = "127.0.0.1:20000";
  std::string peer = "127.0.0.1:45000";
  std::optional<unsigned> cpu;
  app.add_option("--listen", listen, "client-facing endpoint")->capture_default_str();
  app.add_option("--client", client, "first client")->capture_default_str();
  app.add_option("--clients", options.clients, "number of clients")->capture_default_str();
  app.add_option("--client-addresses", options.client_addresses, "consecutive addresses they use")
      ->capture_default_str();
  app.add_option("--relay", relay, "first relay socket; client i has the i-th port after it")->capture_default_str();
  app.add_option("--peer", peer, "first peer")->capture_default_str();
  app.add_option("--peers", options.peers, "number of peers, on consecutive ports")->capture_default_str();
  app.add_flag("--shared-relay", options.shared_relay, "one relay socket for all clients");
  app.add_flag("--trains", options.trains, "receive, make and send trains whole (UDP_GRO, UDP_SEGMENT)");
  app.add_option("--cpu", cpu, "pin to this core");
  CLI11_PARSE(app, argc, argv);

  options.listen = v4_endpoint_or_exit(listen, "--listen");
  options.client = v4_endpoint_or_exit(client, "--client");
  options.relay = v4_endpoint_or_exit(relay, "--relay");
  options.peer = v4_endpoint_or_exit(peer, "--peer");
  if (options.clients == 0 || options.client_addresses == 0 || options.peers == 0) {
    std::cerr << "bare_forwarder: --clients, --client-addresses and --peers must be at least 1\n";
    return 2;
  }
  penstock::load::raise_descriptor_limit();
  if (cpu) {
    if (auto pinned = penstock::load::pin_to_cpu(*cpu); !pinned) {
      std::cerr << "bare_forwarder: " << pinned.error() << '\n';
      return 1;
    }
  }
  auto forwarder = Forwarder::open(options);
  if (!forwarder) {
    std::cerr << "bare_forwarder: " << forwarder.error() << '\n';
    return 1;
  }
  std::cout << "forwarding " << options.clients << " clients on " << listen << std::endl;
  (*forwarder)->run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bare_forwarder: " << error.what() << '\n';
    return 1;
  }
}

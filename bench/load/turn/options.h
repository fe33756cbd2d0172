#pragma once
// What one run of turn_load is asked to do.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"

namespace penstock::load {

enum class Mode : std::uint8_t {
  relay,     ///< packets through allocations
  allocate,  ///< allocate, refresh, delete, over and over
  hold,      ///< idle allocations, kept alive
};
enum class Direction : std::uint8_t { to_peer, to_client, both, echo };
enum class Framing : std::uint8_t { channel_data, send_indication };
/// How clients are spread over sockets; see ClientGrid.
enum class ClientSockets : std::uint8_t { automatic, each, shared };

struct Options {
  Mode mode = Mode::relay;
  net::Endpoint server;
  std::string user;
  std::string password;
  unsigned allocations = 0;  ///< 0: what suits the mode

  /// First client; client i has address + i % client_addresses and, from `client_addresses` on, the next port.
  net::Endpoint client;
  unsigned client_addresses = 0;  ///< 0: one per allocation on 127/8, else one
  ClientSockets client_sockets = ClientSockets::automatic;
  net::Endpoint peer;  ///< first peer; allocation i talks to peer i % peers, each on a port of its own
  unsigned peers = 1;

  Direction direction = Direction::to_peer;
  Framing framing = Framing::channel_data;
  unsigned payload_bytes = 100;
  unsigned train = 1;             ///< datagrams sent back to back by one allocation before the next one's turn
  bool train_as_singles = false;  ///< by sendmmsg in place of UDP_SEGMENT
  bool gro = false;               ///< receive with UDP_GRO
  double rate_pps = 0;            ///< datagrams per second and direction; 0: flat out
  unsigned window = 1024;         ///< flat out: most datagrams in flight per direction; 0: no bound
  double duration_s = 5;
  double warmup_s = 0.5;
  std::uint64_t packets = 0;  ///< stop after so many were sent, whatever the duration; 0: no such bound
  double refresh_s = 200;     ///< permissions last 300 s (RFC 8656 section 9)
  unsigned concurrency = 64;  ///< requests under way at once

  /// Not a TURN server but bare_forwarder: client i's packets leave port `bare_port` + i, without any framing.
  std::uint16_t bare_port = 0;

  std::optional<pid_t> server_pid;
  std::optional<unsigned> cpu;
  std::string json;  ///< file, "-" for standard output, "" for none
};

/// What a run cannot start with, said so that it can be put right: contradictory or impossible values.
tl::expected<Options, std::string> checked(Options options);

/// Parses the command line; exits the process for --help and for mistakes, after saying which.
Options parse_command_line(int argc, char** argv);

std::string_view name_of(Mode mode);
std::string_view name_of(Direction direction);
std::string_view name_of(Framing framing);

}  // namespace penstock::load

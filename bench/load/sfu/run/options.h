#pragma once
// What one run of penstock_sfu_load is asked to do.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/address.h"

namespace penstock::load::sfu {

enum class Scenario : std::uint8_t {
  broadcast,  ///< one publisher, many viewers
  meetings,   ///< everybody sends three layers and sound, and receives everybody else
  churn,      ///< handshakes and API operations beside a room that runs
  floods,     ///< hostile traffic beside a room that runs
  memory,     ///< what endpoints and subscriptions take
};

/// Of what publishers send.
struct MediaOptions {
  unsigned layers = 3;        ///< simulcast: 1 to 3
  double bit_rate_scale = 1;  ///< of 150, 500 and 1500 kbit/s
  double bit_rate = 0;        ///< of the best layer, bit/s, in place of that; 0: scaled
  double frame_rate = 30;
  unsigned temporal_layers = 3;
  unsigned packet_bytes = 1100;  ///< most RTP payload
  double key_interval_s = 0;     ///< 0: only when asked for
  bool paced = false;            ///< frames spread over time, not as trains
  bool audio = true;
};

struct Options {
  Scenario scenario = Scenario::broadcast;
  std::string http = "http://127.0.0.1:8080";
  std::string metrics = "http://127.0.0.1:9641/metrics";
  std::optional<pid_t> pid;           ///< of the relay
  std::vector<net::Endpoint> locals;  ///< what endpoints bind to, in turns
  std::optional<unsigned> cpu;        ///< the generator's
  std::optional<unsigned> relay_cpu;  ///< where a spin loop shows what the machine does, before the load begins
  double duration_s = 5;
  double warmup_s = 2;
  double patience_s = 30;  ///< for connecting everybody
  std::string json;        ///< file, "-" for standard output, "" for none
  MediaOptions media;

  std::vector<unsigned> viewers{1, 10, 100};  ///< broadcast: one step each
  unsigned over_workers =
      0;                ///< broadcast, churn: workers that viewers are asked to be on, in turns; 0: the relay's choice
  unsigned seats = 10;  ///< of a meeting
  unsigned meetings = 1;            ///< the first step
  unsigned most_meetings = 1;       ///< the last; steps of `meetings`, until loss or 90 % busy
  unsigned beside = 10;             ///< churn, floods: viewers in the room that shall not notice
  double handshakes_per_s = 100;    ///< churn
  double operations_per_s = 0;      ///< churn: PATCHes of a subscription
  double moves_per_s = 0;           ///< churn: viewers that move to another worker
  unsigned concurrency = 64;        ///< churn: endpoints between creation and deletion
  unsigned endpoints = 1000;        ///< memory: viewers of each crowd
  unsigned subscriptions = 10;      ///< memory: of each viewer, where there are many
  unsigned flood_pps = 100'000;     ///< floods: datagrams of garbage per second
  std::vector<std::string> floods;  ///< which; empty: all
};

/// What a run cannot start with, said so that it can be put right.
tl::expected<Options, std::string> checked(Options options);
/// Parses the command line; exits the process for --help and for mistakes, after saying which.
Options parse_command_line(int argc, char** argv);
std::string_view name_of(Scenario scenario);

}  // namespace penstock::load::sfu

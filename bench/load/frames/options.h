#pragma once
// What one run of frame_load is asked to do.

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/frames/cast.h"
#include "bench/load/frames/lanes.h"
#include "bench/load/frames/link.h"

namespace penstock::frames {

enum class Mode : std::uint8_t {
  relay,    ///< a TURN relay at the other end
  reflect,  ///< something that returns every frame: testpmd's macswap
  spin,     ///< no link at all: what pauses this core sees
};

struct Options {
  Mode mode = Mode::relay;
  LinkOptions link;
  Cast cast;
  std::string user;
  std::string password;
  unsigned concurrency = 64;  ///< requests under way at once

  Direction direction = Direction::both;
  std::uint16_t payload_bytes = 100;
  double rate_pps = 0;    ///< packets per second, all directions together; 0: flat out
  unsigned window = 768;  ///< flat out: most packets in flight
  double warmup_s = 0.5;
  double duration_s = 3;

  std::optional<unsigned> cpu;  ///< for the polling thread
  std::string metrics;          ///< URL of the relay's metrics, "" for none
  std::string json;             ///< file, "-" for standard output, "" for none
};

/// What a run cannot start with, said so that it can be put right.
tl::expected<Options, std::string> checked(Options options);

/// Parses the command line; exits the process for --help and for mistakes, after saying which.
Options parse_command_line(int argc, char** argv);

std::string_view name_of(Mode mode);
std::string_view name_of(Direction direction);

}  // namespace penstock::frames

#pragma once
// What one run of frame_rooms is asked to do.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bench/load/frame_rooms/broadcast.h"
#include "bench/load/frame_rooms/camera.h"
#include "bench/load/frames/cast.h"
#include "bench/load/frames/link.h"

namespace penstock::frame_rooms {

enum class Mode : std::uint8_t {
  room,   ///< a relay with rooms at the other end
  drain,  ///< somebody who only sends: frames are received, looked at and freed
};
std::string_view name_of(Mode mode);

struct Options {
  Mode mode = Mode::room;
  frames::LinkOptions link;
  frames::Cast cast;  ///< client 0 publishes, all others watch
  std::string api = "http://127.0.0.1:8080";
  unsigned concurrency = 64;  ///< endpoints that are being connected at once
  double drain_pause_us = 0;  ///< mode drain: between two receives, for a receiver that does not keep up
  CameraOptions camera;
  Plan plan;
  std::optional<unsigned> cpu;  ///< for the polling thread
  std::string metrics;          ///< URL of the relay's metrics, "" for none
  std::string json;             ///< file, "-" for standard output, "" for none

  std::uint32_t viewers() const { return cast.flows - 1; }
};

/// What a run cannot start with, said so that it can be put right.
tl::expected<Options, std::string> checked(Options options);

/// Parses the command line; exits the process for --help and for mistakes, after saying which.
Options parse_command_line(int argc, char** argv);

}  // namespace penstock::frame_rooms

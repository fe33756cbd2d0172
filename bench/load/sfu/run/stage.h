#pragma once
// What every scenario plays on: the loop, the relay's API, and what is measured there.

#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/peer/loop.h"
#include "bench/load/sfu/rooms/room.h"
#include "bench/load/sfu/run/options.h"

namespace penstock::load::sfu {

struct Stage {
  const Options& options;
  std::unique_ptr<peer::Loop> loop;
  ApiClient api;
  unsigned rooms = 0;  ///< made so far, for their names and addresses

  /// For `most_endpoints` at once.
  static tl::expected<Stage, std::string> set(const Options& options, std::uint32_t most_endpoints);
  /// A room of these seats on the next local address.
  tl::expected<std::unique_ptr<Room>, std::string> open(media::Tally& tally, std::vector<Seat> seats);
};

/// A camera as the options say; SSRCs come with the room.
media::VideoOptions camera(const MediaOptions& options);
/// One publisher in seat 0, and viewers of all it sends.
std::vector<Seat> broadcast_seats(const MediaOptions& options, unsigned viewers);

}  // namespace penstock::load::sfu

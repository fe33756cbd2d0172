#pragma once
// A room at the relay with everybody in it: programmed by the control API, connected, sending and receiving.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/media/participant.h"
#include "bench/load/sfu/rooms/api_client.h"
#include "bench/load/sfu/rooms/bodies.h"

namespace penstock::load::sfu {

/// What somebody in a room receives of somebody else.
struct Reception {
  std::size_t publisher = 0;  ///< index into the seats
  bool audio = false, video = false;
  std::optional<unsigned> max_spatial_layer;
  unsigned priority = 0;
};

/// Somebody in a room. SSRCs, MIDs and sources of what it publishes are filled in by Room.
struct Seat {
  std::optional<media::AudioOptions> audio;
  std::optional<media::VideoOptions> video;
  std::vector<Reception> receptions;
  bool paused = false;  ///< its camera sends nothing
  bool flood = false;   ///< asks for everything again, all the time
  std::uint64_t rtcp_interval_ns = 100'000'000;
  std::uint32_t worker = kAnyWorker;  ///< asked of the relay
  static constexpr std::uint32_t kAnyWorker = UINT32_MAX;
};

struct RoomOptions {
  std::string name;
  net::Endpoint local;  ///< what endpoints bind to; port 0
  std::vector<Seat> seats;
};

class Room {
 public:
  /// Creates the room, its endpoints and subscriptions, and begins to connect. `loop`, `api` and `tally` outlive it.
  static tl::expected<std::unique_ptr<Room>, std::string> open(peer::Loop& loop, ApiClient& api, media::Tally& tally,
                                                               RoomOptions options);
  /// Deletes the room at the relay, if it answers.
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  const std::vector<std::unique_ptr<media::Participant>>& participants() const { return participants_; }
  const std::string& path() const { return path_; }
  std::size_t connected() const;
  /// The first failure of an endpoint; empty: none.
  std::string failure() const;
  /// Runs the loop until all endpoints are connected. The error tells the first that failed, or how many are missing
  /// after `patience_s`.
  tl::expected<void, std::string> await_connected(double patience_s);
  /// Closes the last participant's socket without a word to anybody.
  void abandon_last() { participants_.pop_back(); }
  /// Subscriptions in all.
  std::size_t subscriptions() const { return subscriptions_; }

 private:
  Room(peer::Loop& loop, ApiClient& api, std::string path) : loop_(loop), api_(api), path_(std::move(path)) {}

  tl::expected<void, std::string> program(media::Tally& tally, RoomOptions& options);

  peer::Loop& loop_;
  ApiClient& api_;
  std::string path_;
  std::size_t subscriptions_ = 0;
  std::vector<std::unique_ptr<media::Participant>> participants_;
};

/// The same for several.
tl::expected<void, std::string> await_connected(const std::vector<std::unique_ptr<Room>>& rooms, double patience_s);

}  // namespace penstock::load::sfu

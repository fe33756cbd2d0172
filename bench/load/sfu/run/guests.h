#pragma once
// Endpoints that come, connect and go, so many per second: handshakes for the relay.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/sfu/peer/loop.h"
#include "bench/load/sfu/rooms/api_thread.h"
#include "bench/load/turn/histogram.h"

namespace penstock::load::sfu {

struct GuestTally {
  std::uint64_t begun = 0;
  std::uint64_t connected = 0;
  std::uint64_t failed = 0;     ///< by ICE or DTLS
  std::uint64_t refused = 0;    ///< by the API
  std::uint64_t held_back = 0;  ///< not begun: too many at once already
  Histogram setup;              ///< connect() to keys
  std::string last_error;
};

class Guests final : private peer::Task {
 public:
  struct Options {
    std::string room_path;
    net::Endpoint local;
    double per_second = 0;
    unsigned most_at_once = 64;
  };

  /// Runs from now on; `loop` and `api` outlive it.
  Guests(peer::Loop& loop, ApiThread& api, const Options& options);
  ~Guests() override;
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;

  GuestTally& tally() { return tally_; }
  /// Begins no more.
  void stop() { options_.per_second = 0; }
  std::size_t at_once() const { return guests_.size(); }

 private:
  class Guest;

  std::uint64_t run(std::uint64_t now_ns) override;
  void begin_one();

  peer::Loop& loop_;
  ApiThread& api_;
  Options options_;
  GuestTally tally_;
  std::vector<std::shared_ptr<Guest>> guests_;
  std::uint64_t began_ns_;
  double due_ = 0;  ///< guests, since the beginning
  std::uint64_t last_ns_;
  std::uint64_t number_ = 0;
};

}  // namespace penstock::load::sfu

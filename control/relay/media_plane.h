#pragma once
// What the SFU services of all workers share with control and with each other: boards, handshake lanes, the road for
// updates, lanes for rooms over several workers.

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "control/startup/checks.h"
#include "dataplane/engine/shard.h"
#include "dataplane/sfu/board.h"
#include "dataplane/sfu/handshake_lane.h"
#include "dataplane/sfu/neighbours.h"
#include "dataplane/sfu/service.h"
#include "dataplane/sfu/settings.h"
#include "dataplane/sfu/speaker_board.h"

namespace penstock::control {

/// Made before the workers, and outlives them.
class MediaPlane {
 public:
  /// For plan.cores workers; nothing else is started. The error is a sentence that says what to do.
  static tl::expected<std::unique_ptr<MediaPlane>, std::string> create(const Config& config, const Plan& plan);

  std::uint16_t workers() const { return static_cast<std::uint16_t>(workers_.size()); }
  const sfu::SfuSettings& settings(std::uint16_t worker) const { return workers_[worker]->settings; }
  sfu::Board& board(std::uint16_t worker) { return workers_[worker]->board; }
  sfu::HandshakeLanes& lanes(std::uint16_t worker) { return workers_[worker]->lanes; }
  std::vector<sfu::HandshakeLanes*> all_lanes();
  /// Who speaks in rooms whose audio is limited; control gives out its rooms.
  sfu::SpeakerBoard& speakers() { return *speakers_; }
  /// Where the worker's endpoints are reached from outside: as bound, or as a NAT maps them.
  const std::vector<net::Endpoint>& advertised(std::uint16_t worker) const { return workers_[worker]->advertised; }

  /// The worker's SFU, made and bound on its thread; the worker owns it.
  tl::expected<std::unique_ptr<sfu::SfuService>, std::string> start_service(engine::Shard& shard);
  /// nullptr before start_service().
  const sfu::SfuService* service(std::uint16_t worker) const { return workers_[worker]->service; }

 private:
  struct Worker {
    sfu::SfuSettings settings;
    std::vector<net::Endpoint> advertised;
    sfu::Board board;
    sfu::HandshakeLanes lanes;
    const sfu::SfuService* service = nullptr;
  };
  MediaPlane() = default;

  std::unique_ptr<sfu::Neighbours> neighbours_;
  std::unique_ptr<sfu::SpeakerBoard> speakers_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// The UDP endpoints that the workers take media on.
std::vector<net::Endpoint> media_endpoints(const Config& config, const Plan& plan);

}  // namespace penstock::control

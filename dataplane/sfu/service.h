#pragma once
// The SFU on one worker, plugged into its loop: WebRTC endpoints, what they publish, and who gets it.

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/engine/service.h"
#include "dataplane/engine/shard.h"
#include "dataplane/sfu/board.h"
#include "dataplane/sfu/handshake_lane.h"
#include "dataplane/sfu/neighbours.h"
#include "dataplane/sfu/settings.h"
#include "dataplane/sfu/speaker_board.h"
#include "dataplane/sfu/stats.h"

namespace penstock::sfu {

class SfuService : public engine::Service {
 public:
  /// On the worker's thread. Everything given outlives the service; `board` has the sizes of the settings. The error is
  /// a sentence that says what to do. `neighbours`: nullptr when there is one worker. `speakers`: nullptr when no track
  /// has TrackParameters::speakers.
  static tl::expected<std::unique_ptr<SfuService>, std::string> create(engine::Shard& shard,
                                                                       const SfuSettings& settings,
                                                                       HandshakeLanes& lanes, Board& board,
                                                                       Neighbours* neighbours = nullptr,
                                                                       SpeakerBoard* speakers = nullptr);
  ~SfuService() override;

  /// Binds the media endpoints, which are this worker's alone. On its thread.
  tl::expected<void, std::string> start();

  void process(net::Burst& burst) override;
  void process_handed_over(net::Burst& burst) override;
  bool work() override;
  void on_message(const engine::Message& message) override;
  void on_icmp_error(const port::IcmpError& error) override;
  bool advance(std::uint64_t now_ns, unsigned budget) override;

  /// Live; read by any thread.
  const Stats& stats() const;
  /// "ipsec-mb AVX512", "libsrtp".
  std::string_view cipher() const;
  /// The number of the last update that was applied: it and earlier ones are not looked at again. Any thread.
  std::uint64_t applied() const;

 private:
  struct Inner;
  explicit SfuService(std::unique_ptr<Inner> inner);
  std::unique_ptr<Inner> inner_;
};

}  // namespace penstock::sfu

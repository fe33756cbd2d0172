#pragma once
// Joins the TURN protocol code to packets: one per worker, plugged into its loop.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/engine/service.h"
#include "dataplane/engine/shard.h"
#include "dataplane/net/mailbox.h"
#include "turn/compiled_settings.h"
#include "turn/messages.h"
#include "turn/records.h"
#include "turn/settings.h"
#include "turn/shared_state.h"
#include "turn/stats.h"

namespace penstock::turn {

class TurnService : public engine::Service {
 public:
  /// `fixed`, `shared` and `records` outlive the service; `shared` is the same for all workers, `records` this worker's
  /// own lane to control. Records of ended allocations go there as there is room; nullptr: nobody wants them.
  TurnService(engine::Shard& shard, const FixedSettings& fixed, SharedState& shared,
              std::shared_ptr<const CompiledSettings> settings, net::Mailbox<EndedRecord>* records);
  ~TurnService() override;

  /// Binds the listening endpoints, shared with the other workers. On this worker's thread.
  tl::expected<void, std::string> start();

  void process(net::Burst& burst) override;
  void process_handed_over(net::Burst& burst) override;
  void on_message(const engine::Message& message) override;
  void on_icmp_error(const port::IcmpError& error) override;
  bool advance(std::uint64_t now_ns, unsigned budget) override;

  /// Live; read by any thread.
  const Stats& stats() const;
  /// The settings in use, as numbered by NewSettings; earlier ones are not looked at again. Any thread.
  std::uint64_t settings_generation() const { return settings_generation_.load(std::memory_order_acquire); }

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
  std::atomic<std::uint64_t> settings_generation_{0};
};

}  // namespace penstock::turn

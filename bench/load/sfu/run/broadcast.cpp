#include <algorithm>

#include "bench/load/sfu/run/scenarios.h"
#include "bench/load/sfu/run/window.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

Report one_step(Stage& stage, unsigned viewers) {
  const Options& options = stage.options;
  media::Tally tally;
  std::vector<std::unique_ptr<Room>> rooms;
  auto seats = broadcast_seats(options.media, viewers);
  for (std::size_t i = 0; options.over_workers > 0 && i < seats.size(); ++i) {
    seats[i].worker = static_cast<std::uint32_t>(i % options.over_workers);
  }
  auto room = stage.open(tally, std::move(seats));
  if (!room) return tl::unexpected(room.error());
  rooms.push_back(std::move(*room));
  if (auto ready = await_connected(rooms, options.patience_s); !ready) {
    return tl::unexpected(ready.error());
  }
  const auto setup = latency_us(tally.setup);
  stage.loop->run_until(now_ns() + to_ns(options.warmup_s));
  const auto first_picture = latency_us(tally.pictures.first_picture);
  Window window(stage, {&tally});
  stage.loop->run_until(now_ns() + to_ns(options.duration_s));
  window.close();
  nlohmann::ordered_json step = {{"viewers", viewers}};
  step.update(window.to_json());
  step["setup_us"] = setup;
  step["first_picture_us"] = first_picture;
  step["media"] = to_json(tally);
  return step;
}

}  // namespace

Report run_broadcast(const Options& options) {
  const unsigned most = *std::max_element(options.viewers.begin(), options.viewers.end());
  auto stage = Stage::set(options, most + 1);
  if (!stage) return tl::unexpected(stage.error());
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const unsigned viewers : options.viewers) {
    auto step = one_step(*stage, viewers);
    if (!step) return step;
    steps.push_back(std::move(*step));
  }
  return nlohmann::ordered_json{{"steps", steps}};
}

}  // namespace penstock::load::sfu

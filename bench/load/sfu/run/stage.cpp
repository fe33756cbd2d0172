#include "bench/load/sfu/run/stage.h"

#include <fmt/format.h>
#include <unistd.h>

namespace penstock::load::sfu {
namespace {

struct Layer {
  std::uint16_t width, height;
  double bit_rate;
};
constexpr Layer kLayers[] = {{320, 180, 150'000}, {640, 360, 500'000}, {1280, 720, 1'500'000}};

}  // namespace

tl::expected<Stage, std::string> Stage::set(const Options& options, std::uint32_t most_endpoints) {
  auto loop = peer::Loop::create({.most_endpoints = most_endpoints});
  if (!loop) return tl::unexpected(loop.error());
  auto api = ApiClient::create(options.http);
  if (!api) return tl::unexpected(api.error());
  return Stage{options, std::move(*loop), std::move(*api)};
}

tl::expected<std::unique_ptr<Room>, std::string> Stage::open(media::Tally& tally, std::vector<Seat> seats) {
  const unsigned number = rooms++;
  return Room::open(*loop, api, tally,
                    {.name = fmt::format("load-{}-{}", getpid(), number),
                     .local = options.locals[number % options.locals.size()],
                     .seats = std::move(seats)});
}

media::VideoOptions camera(const MediaOptions& options) {
  media::VideoOptions video;
  video.key_interval_s = options.key_interval_s;
  video.paced = options.paced;
  const double scale = options.bit_rate > 0 ? options.bit_rate / kLayers[2].bit_rate : options.bit_rate_scale;
  for (unsigned i = 3 - options.layers; i < 3; ++i) {
    media::Vp8Options encoding;
    encoding.width = kLayers[i].width;
    encoding.height = kLayers[i].height;
    encoding.bit_rate = kLayers[i].bit_rate * scale;
    encoding.frame_rate = options.frame_rate;
    encoding.temporal_layers = options.temporal_layers;
    encoding.packet_bytes = options.packet_bytes;
    video.encodings.push_back(encoding);
  }
  return video;
}

std::vector<Seat> broadcast_seats(const MediaOptions& options, unsigned viewers) {
  std::vector<Seat> seats(1 + viewers);
  seats[0].video = camera(options);
  if (options.audio) seats[0].audio.emplace();
  for (unsigned i = 1; i <= viewers; ++i) {
    seats[i].receptions.push_back({.publisher = 0, .audio = options.audio, .video = true, .max_spatial_layer = {}});
  }
  return seats;
}

}  // namespace penstock::load::sfu

#pragma once
// One room on two workers: a publisher and a viewer on the first, a viewer of its mirror on the second.

#include <memory>
#include <vector>

#include "tests/sfu/broadcast.h"

namespace penstock::sfu::test {

/// What the second worker knows of a track of the first.
inline TrackParameters mirror_of(const TrackParameters& track, TrackSlot slot, std::uint32_t generation,
                                 std::uint16_t worker = 0) {
  TrackParameters p{.endpoint = kNoSlot,
                    .kind = track.kind,
                    .codec = track.codec,
                    .clock_rate = track.clock_rate,
                    .encoding_count = track.encoding_count};
  p.origin = {worker, slot, generation};
  return p;
}

struct TwoWorkers {
  static constexpr std::uint32_t kOrigin = 11, kMirror = 22;  // generations

  std::shared_ptr<Site> site;
  SfuBed first, second;
  Client publisher{first, 0, client(1)};
  Client near{first, 1, client(2)};
  Client far{second, 0, client(3)};
  std::vector<Layer> layers{{"q", 0xa1, 320, 180}, {"h", 0xa2, 640, 360}, {"f", 0xa3, 1280, 720}};

  explicit TwoWorkers(const NeighbourOptions& options = {}, bool with_threads = false)
      : site(std::make_shared<Site>(std::uint16_t{2}, options, with_threads)),
        first({.site = site, .worker = 0}),
        second({.site = site, .worker = 1}) {
    EXPECT_TRUE(publisher.check() && near.check() && far.check());
    first.update({SetTrack{0, kOrigin, simulcast(0)}, SetSubscription{0, 1, view_of(1, 0)}});
    second.update({SetTrack{3, kMirror, mirror_of(simulcast(0), 0, kOrigin)}, SetSubscription{0, 1, view_of(0, 3)}});
    first.update({AddMirror{0, 1, 3, kMirror}});
  }
  ~TwoWorkers() {
    site->stop();
    EXPECT_EQ(first.imbalance(), "");
    EXPECT_EQ(second.imbalance(), "");
  }
  void frame(bool key) {
    for (Layer& layer : layers) layer.send_frame(publisher, key);
    first.advance(33 * kMs);
  }
  void frames(int n, bool key = false) {
    for (int i = 0; i < n; ++i) frame(key && i == 0);
  }
  /// Packets of publishers that are still kept anywhere.
  std::uint64_t kept() const { return first.stats().media_packets.get() + second.stats().media_packets.get(); }
};

}  // namespace penstock::sfu::test

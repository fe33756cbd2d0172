#pragma once
// A publisher on any of three workers, and a viewer that moves from the first to the second and back.

#include <memory>
#include <vector>

#include "dataplane/sfu/transfer.h"
#include "tests/sfu/two_workers.h"

namespace penstock::sfu::test {

struct MovingViewer {
  static constexpr std::uint32_t kOrigin = 11, kMirror = 22;      // generations
  static constexpr TrackSlot kTrackSlot = 0, kMirrorSlot = 5;     // on the publisher's worker, on all others
  static constexpr EndpointSlot kAtHome = 1, kAway = 7;           // the viewer's
  static constexpr SubscriptionSlot kFirst = 0, kAwayFirst = 30;  // its subscription's

  std::shared_ptr<Site> site;
  std::vector<std::unique_ptr<SfuBed>> beds;
  std::uint16_t publishing;
  Client publisher;
  Client viewer;
  std::vector<Layer> layers{{"q", 0xa1, 320, 180}, {"f", 0xa3, 1280, 720}};
  std::vector<Received> media, again;  ///< what the viewer got: of the stream, of its RTX stream
  std::uint32_t generation = 100;
  unsigned sent_frames = 0;

  static std::vector<std::unique_ptr<SfuBed>> make_beds(const std::shared_ptr<Site>& site) {
    std::vector<std::unique_ptr<SfuBed>> made;
    for (std::uint16_t i = 0; i < 3; ++i)
      made.push_back(std::make_unique<SfuBed>(BedOptions{.site = site, .worker = i}));
    return made;
  }
  static TrackParameters two_layers(EndpointSlot endpoint) {
    TrackParameters p = simulcast(endpoint);
    p.encoding_count = 2;
    p.encodings[1].rid = Rid("f");
    return p;
  }

  explicit MovingViewer(std::uint16_t publishing_worker, bool with_threads = false)
      : site(std::make_shared<Site>(std::uint16_t{3}, NeighbourOptions{}, with_threads)),
        beds(make_beds(site)),
        publishing(publishing_worker),
        publisher(*beds[publishing], 0, client(1)),
        viewer(*beds[0], kAtHome, client(2)) {
    viewer.follow(*beds[1]);
    EXPECT_TRUE(publisher.check() && viewer.check());
    SfuBed& home = *beds[publishing];
    home.update({SetTrack{kTrackSlot, kOrigin, two_layers(0)}});
    for (std::uint16_t i = 0; i < 3; ++i) {
      if (i == publishing) continue;
      beds[i]->update({SetTrack{kMirrorSlot, kMirror, mirror_of(two_layers(0), kTrackSlot, kOrigin, publishing)}});
      home.update({AddMirror{kTrackSlot, i, kMirrorSlot, kMirror}});
    }
    beds[0]->update({SetSubscription{kFirst, 1, view_of(kAtHome, track_at(0))}});
  }
  ~MovingViewer() {
    site->stop();
    for (const auto& bed : beds) EXPECT_EQ(bed->imbalance(), "");
  }

  TrackSlot track_at(std::uint16_t worker) const { return worker == publishing ? kTrackSlot : kMirrorSlot; }
  void send_frame(bool key = false) {
    for (Layer& layer : layers) layer.send_frame(publisher, key);
    ++sent_frames;
  }
  void frames(int n, bool key = false) {
    for (int i = 0; i < n; ++i) {
      send_frame(key && i == 0);
      beds[0]->advance(20 * kMs);
    }
    collect();
  }
  void collect() {
    for (Received& packet : viewer.take(viewer_ids()).rtp) {
      const bool rtx = rtp::to_wire(packet.header.ssrc) == 0x2001;
      (rtx ? again : media).push_back(std::move(packet));
    }
  }
  /// The form for the way to the second worker, or back.
  std::unique_ptr<Transfer> form(bool back = false) {
    ++generation;
    const Transfer::Place place{.from = back ? kAwayFirst : kFirst,
                                .to = back ? kFirst : kAwayFirst,
                                .generation = generation,
                                .track = track_at(back ? 0 : 1),
                                .track_generation = (back ? 0 : 1) == publishing ? kOrigin : kMirror};
    return std::make_unique<Transfer>(back ? std::uint16_t{0} : std::uint16_t{1}, back ? kAtHome : kAway, generation,
                                      std::vector{place});
  }
  /// Moves it while the system is at rest.
  void move(bool back = false) {
    const auto transfer = form(back);
    beds[back ? 1 : 0]->update({MoveEndpoint{back ? kAway : kAtHome, transfer.get()}});
    EXPECT_EQ(transfer->state(), Transfer::State::done);
    if (back) beds[1]->update({RemoveEndpoint{kAway}});
  }
  void ask_again(std::uint16_t sequence) {
    std::array<std::uint8_t, 256> buffer;
    rtp::RtcpWriter writer(buffer);
    writer.receiver_report(rtp::Ssrc{7});
    const std::array lost{rtp::SequenceNumber{sequence}};
    writer.nack(rtp::Ssrc{7}, rtp::Ssrc{0x1001}, lost);
    viewer.send_rtcp(std::span(buffer).first(writer.size()));
  }
  /// Every packet once and in order, from the first of the best layer on.
  void expect_all() {
    std::uint16_t next = 65530;
    std::size_t best = 0;
    for (const Received& packet : media) {
      ASSERT_EQ(packet.header.sequence.value, next++);
      best += packet.payload.back() == 0xa3 ? 1 : 0;
    }
    EXPECT_EQ(best, 2 * sent_frames);
  }
};

}  // namespace penstock::sfu::test

// Scenarios of whole packets: see forward_script.h for how they are written.

#include <gtest/gtest.h>

#include "dataplane/sfu/forward/forwarder.h"
#include "dataplane/sfu/forward/overtaken.h"
#include "tests/sfu/forward_script.h"

namespace penstock::sfu::test {
namespace {

struct Case {
  const char* name;
  const char* clip;
  const char* arrivals;
  const char* outcome;
};

void check(std::span<const Case> cases, const ClipOptions& options = {}) {
  for (const Case& c : cases) EXPECT_EQ(Script({clip(c.clip, options)}).run(c.arrivals), c.outcome) << c.name;
}

TEST(Forwarder, OneEncoding) {
  check({{
      {"begins with a key frame", "0 0x2 Kx2 0", "a1-6", "W W W 1/1 2/1 3/2"},
      {"of which the first packet must come", "Kx3 0 K", "a2-5", "W W W 1/1"},
      {"packets from before it are too old", "0x2 K 0", "a1 a3 a2 a4", "W 1/1 O 2/2"},
      {"loss leaves gaps in numbers and picture ids", "K 0x2 0 0", "a1 a4 a5", "1/1 4/3 5/4"},
      {"which can be filled late", "K 0x2 0 0", "a1 a4 a3 a2 a5", "1/1 4/3 3/2 2/2 5/4"},
      {"part of a frame", "K 0x4 0", "a1 a2 a5 a6 a4 a4", "1/1 2/2 5/2 6/3 4/2 D"},
      {"a packet twice", "K 0", "a1 a2 a2 a1", "1/1 2/2 D D"},
      {"padding has no place", "K - - 0 - 0", "a1-6", "1/1 E E 2/2 E 3/3"},
      {"padding that comes late leaves its gap", "K 0 - 0", "a1 a2 a4 a3", "1/1 2/2 3/3 E"},
      {"missing between whole neighbours: padding", "K - -  0", "a1 a4", "1/1 2/2"},
      {"pause, and a key frame after it", "K 0 0 0 K 0", "a1 a2 pause a3 resume a4 a5 a6", "1/1 2/2 P W 3/3 4/4"},
      {"pause before the start", "K 0 K 0", "pause a1 resume a2 a3 a4", "P W 1/1 2/2"},
  }});
}

TEST(Forwarder, TemporalLayers) {
  check({{
      {"all of them", "K 2y 1y 2 0 2 1 2", "a1-8", "1/1 2/2 3/3 4/4 5/5 6/6 7/7 8/8"},
      {"dropped without a gap", "K 2yx2 1y 2 0", "temporal=0 a1-6", "1/1 T T T T 2/2"},
      {"the middle one too", "K 2y 1y 2 0 2 1 2", "temporal=1 a1-8", "1/1 T 2/2 T 3/3 T 4/4 T"},
      {"down at a frame's end", "K 1yx3 0 1", "a1 a2 temporal=0 a3-6", "1/1 2/2 3/2 4/2 5/3 T"},
      {"up at a layer sync", "K 1 0 1 0 1y 0 1", "temporal=0 a1 a2 temporal=1 a3-8", "1/1 T 2/2 T 3/3 4/4 5/5 6/6"},
      {"one layer at a time", "K 2y 1y 2 0 2y 1 2", "temporal=0 a1 temporal=2 a2-8", "1/1 T 2/2 T 3/3 4/4 5/5 6/6"},
      {"not at a sync frame without its beginning", "K 1yx2 0 1yx2", "temporal=0 a1 temporal=1 a3-6",
       "1/1 T 2/2 3/3 4/3"},
      {"whose beginning is then late and dropped", "K 1yx2 0", "temporal=0 a1 temporal=1 a3 a2 a4", "1/1 T T 2/2"},
      {"up at a key frame", "K 1 0 K 1", "temporal=0 a1 a2 temporal=1 a3-5", "1/1 T 2/2 3/3 4/4"},
      {"up by more than there is", "K 1 0 1y", "temporal=0 a1 a2 temporal=9 a3 a4", "1/1 T 2/2 3/3"},
      {"lost with its frame, which was dropped", "K 1x4 0", "temporal=0 a1 a2 a5 a6 a4", "1/1 T T 2/2 T"},
      {"the end of a dropped frame", "K 1x3 0", "temporal=0 a1 a2 a5", "1/1 T 2/2"},
      {"the beginning of a dropped frame", "K 1x3 0", "temporal=0 a1 a4 a5", "1/1 T 2/2"},
      {"the end of one and the beginning of the next", "K 2x2 1x2 0", "temporal=0 a1 a2 a5 a6", "1/1 T T 2/2"},
      {"the end of one that was sent", "K 0x3 1x2 0", "temporal=0 a1 a2 a5 a6 a7 a3", "1/1 2/2 T T 5/3 3/2"},
      {"whole frames: nobody can tell", "K 2 1 2 0", "temporal=0 a1 a2 a5", "1/1 T 4/4"},
      {"which come late and are dropped", "K 2 1 2 0", "temporal=0 a1 a2 a5 a3 a4", "1/1 T 4/4 T T"},
      {"or come late and are sent", "K 2 0 2 0", "temporal=0 a1 a2 a5 a3 a4", "1/1 T 4/4 2/2 T"},
      {"late, of a dropped frame's picture id", "K 1x2 0 0", "temporal=0 a1 a2 a4 a5 a3", "1/1 T 2/2 3/3 T"},
      {"late, from before the layer was sent", "K 1 1 0 1y", "temporal=0 a1 a2 temporal=1 a4 a5 a3", "1/1 T 3/3 4/4 T"},
      {"late, since the layer is sent", "K 1y 1 0", "temporal=1 a1 a2 a4 a3", "1/1 2/2 4/4 3/3"},
      {"late, of a layer that is no longer sent", "K 1y 1x2 0", "temporal=1 a1-3 temporal=0 a5 a4",
       "1/1 2/2 3/3 5/4 4/3"},
  }});
}

TEST(Forwarder, TemporalLayersWithoutPictureIds) {
  check({{
            {"dropped without a gap", "K 1x2 0 1 0", "temporal=0 a1-6", "1 T T 2 T 3"},
            {"late", "K 1y 1 0", "temporal=1 a1 a2 a4 a3", "1 2 4 3"},
            {"late and dropped", "K 1y 1 0", "temporal=0 a1 a2 a4 a3", "1 T 3 T"},
            {"lost with its frame", "K 1x4 0", "temporal=0 a1 a2 a5 a6 a4", "1 T T 2 T"},
        }},
        {.has_picture_id = false});
}

TEST(Forwarder, ShortPictureIdsAreCountedOn) {
  std::string frames = "K", outcome = "1/1";
  for (int i = 2; i <= 300; ++i) {
    frames += i % 2 == 0 ? " 1" : " 0";
    outcome += i % 2 == 0 ? " T" : " " + std::to_string((i + 1) / 2) + "/" + std::to_string((i + 1) / 2);
  }
  EXPECT_EQ(Script({clip(frames, {.short_picture_id = true})}).run("temporal=0 a1-300"), outcome);
}

TEST(Forwarder, PictureIdsAndTl0ArePatchedIntoThePrefix) {
  Script script({clip("K 1y 0")});
  script.run("temporal=0 a1-3");
  const Outgoing& out = script.decisions()[2].outgoing;
  EXPECT_EQ(out.prefix_size, 6);
  EXPECT_EQ(out.picture_id, Script::kFirstPictureId + 1);
  EXPECT_EQ(out.prefix[0], 0x90) << "as it was";
  EXPECT_EQ(out.prefix[2], 0x80 | (Script::kFirstPictureId + 1) >> 8);
  EXPECT_EQ(out.prefix[3], (Script::kFirstPictureId + 1) & 0xff);
  EXPECT_EQ(out.prefix[4], out.tl0_index);
  EXPECT_EQ(out.tl0_index, static_cast<std::uint8_t>(script.decisions()[0].outgoing.tl0_index + 1));
  EXPECT_EQ(out.prefix[5], 0) << "TID, as it was";
}

TEST(Forwarder, Layers) {
  const auto run = [](const char* arrivals, const char* a = "K 0 0 0 K 0", const char* b = "0 0 K 0 0 K 0") {
    return Script({clip(a, {.sequence = 100}), clip(b, {.sequence = 9000, .picture_id = 77, .tl0_index = 7})})
        .run(arrivals);
  };
  EXPECT_EQ(run("b1 a1 b2 a2 b3 a3 b4"), "W 1/1 L 2/2 3/3 L 4/4") << "a lower layer until the best one's key frame";
  EXPECT_EQ(run("a2 b3 a1"), "W 1/1 L") << "the best one first";
  EXPECT_EQ(run("layer=0 b3 a1 b6"), "W 1/1 L") << "never above the limit";
  EXPECT_EQ(run("b3 b4 layer=0 b5 a2 a3 a5 b6 a6"), "1/1 2/2 3/3 L L 4/4 L 5/5") << "down at a key frame, too";
  EXPECT_EQ(run("b3 b4 layer=0 layer=1 a5 b5"), "1/1 2/2 L 3/3") << "a wish withdrawn";
  EXPECT_EQ(run("b3 active=a b4 a2 a5 b5"), "1/1 2/2 L 3/3 L") << "the best one dies";
  EXPECT_EQ(run("layer=0 a1 active=b layer=1 b4 a2 b6 a3"), "1/1 L 2/2 3/3 L") << "a silent one may still speak";
  EXPECT_EQ(run("layer=0 a1 a2 layer=1 b1 b3 a3 b2"), "1/1 2/2 L 3/3 L O") << "late for the switch";
  EXPECT_EQ(run("b3 pause b4 resume a1 b6 a2"), "1/1 P 2/2 3/3 L") << "after a pause any layer, then the best";
  EXPECT_EQ(run("b3 b4 replace a1 a2"), "1/1 2/2 3/3 4/4") << "another track";
  EXPECT_EQ(run("b3 b4 restart=b a1 b5 b6"), "1/1 2/2 3/3 L 4/4") << "a stream that began anew";
  EXPECT_EQ(run("b3 b4 restart=a b5"), "1/1 2/2 3/3") << "another stream that began anew";
}

TEST(Forwarder, ALayerThatDiedIsLeftForAnyLowerOne) {
  const auto frames = [] { return clip("K 0 K 0"); };
  EXPECT_EQ(Script({frames(), frames(), frames()}).run("c1 active=ab a1 a2 b1 a3"), "1/1 2/2 3/3 4/4 L");
}

TEST(Forwarder, PacketsThatOvertookTheKeyFramesFirstAreNotLost) {
  auto packets = clip("0 Kx4 0x2");
  std::vector<StoredPacket> memory(512);
  EncodingRing ring(memory);
  Source source{.active = 1};
  Forwarder forwarder;
  SubscriptionParameters parameters;
  parameters.kind = MediaKind::video;
  parameters.first_sequence = 1;
  forwarder.start(parameters);
  for (const int i : {2, 3, 5}) {
    ring.put(packets[static_cast<std::size_t>(i)]);
    EXPECT_EQ(forwarder.on_packet(source, 0, packets[static_cast<std::size_t>(i)]).verdict, Verdict::wait_key_frame);
  }
  ring.put(packets[1]);
  const Decision entry = forwarder.on_packet(source, 0, packets[1]);
  EXPECT_TRUE(entry.switched);
  std::vector<std::uint64_t> sent{entry.outgoing.sequence};
  offer_overtaken(ring, packets[1].sequence, [&](const StoredPacket& packet) {
    const Decision decision = forwarder.on_packet(source, 0, packet);
    EXPECT_TRUE(decision);
    EXPECT_FALSE(decision.switched);
    sent.push_back(decision.outgoing.sequence);
  });
  EXPECT_EQ(sent, (std::vector<std::uint64_t>{1, 2, 3, 5}));
  EXPECT_EQ(forwarder.on_packet(source, 0, packets[4]).outgoing.sequence, 4U);
  ring.clear();
}

TEST(Forwarder, ASourceThatJumpsGoesOnWithAKeyFrame) {
  std::string frames = "K 0";
  for (int i = 0; i < 600; ++i) frames += " 0";
  frames += " K 0";
  EXPECT_EQ(Script({clip(frames)}).run("a1 a2 a602 a603 a604"), "1/1 2/2 W 3/3 4/4");
  EXPECT_EQ(Script({clip(frames)}).run("a1 a603 a604"), "1/1 2/2 3/3");
}

TEST(Forwarder, ASourceThatBeganAnewFarBehindIsFoundOut) {
  std::string frames;
  for (int i = 0; i < 40; ++i) frames += i == 0 || i == 20 ? "K " : "0 ";
  std::string outcome = "1/1 2/2 3/3";
  for (int i = 0; i < 15; ++i) outcome += " O";
  for (int i = 15; i < 20; ++i) outcome += " W";
  EXPECT_EQ(Script({clip("K 0 0", {.sequence = 50'000}), clip(frames)}).run("active=a layer=0 a1-3"), "1/1 2/2 3/3");
  auto packets = clip("K 0 0", {.sequence = 50'000});
  for (const StoredPacket& p : clip(frames)) packets.push_back(p);
  EXPECT_EQ(Script({packets}).run("a1-25"), outcome + " 4/4 5/5");
}

TEST(Forwarder, PictureIdsThatBeginAnewAreCountedOn) {
  auto packets = clip("K 0 0");
  for (StoredPacket p : clip("K 0 0", {.timestamp = 100'000, .picture_id = 20, .tl0_index = 3})) {
    p.sequence += 3;
    packets.push_back(p);
  }
  Script script({packets});
  EXPECT_EQ(script.run("a1-6"), "1/1 2/2 3/3 4/4 5/5 6/6");
  for (std::size_t i = 1; i < 6; ++i) {
    EXPECT_EQ(script.decisions()[i].outgoing.tl0_index,
              static_cast<std::uint8_t>(script.decisions()[i - 1].outgoing.tl0_index + 1));
  }
}

TEST(Forwarder, SoundIsForwardedAtOnce) {
  ClipOptions options{.has_picture_id = false, .has_tl0_index = false, .has_temporal_id = false};
  const auto run = [&](const char* arrivals) {
    return Script({clip("0 0 0 0 0 0 0 0", options)}, MediaKind::audio).run(arrivals);
  };
  EXPECT_EQ(run("a3 a4 a2 a7 a5 a5"), "1 2 O 5 3 D");
  EXPECT_EQ(run("a1 a2 pause a3 resume a4 a5"), "1 2 P 3 4");
  EXPECT_EQ(run("a4 a5 replace a1 a2"), "1 2 3 4");
  Script script({clip("0 0 0", options)}, MediaKind::audio);
  script.run("a1");
  EXPECT_EQ(script.forwarder().key_frame_due(1), std::nullopt);
  EXPECT_EQ(script.forwarder().layers().waits(), 0U);
}

TEST(Forwarder, SoundThatJumpsGoesOnAtOnce) {
  ClipOptions options{.has_picture_id = false, .has_tl0_index = false, .has_temporal_id = false};
  auto packets = clip("0 0", options);
  options.sequence = 30'000;
  for (const StoredPacket& p : clip("0 0", options)) packets.push_back(p);
  EXPECT_EQ(Script({packets}, MediaKind::audio).run("a1-4"), "1 2 3 4");
}

}  // namespace
}  // namespace penstock::sfu::test

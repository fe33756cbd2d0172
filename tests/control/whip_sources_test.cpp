// Which of a room's tracks a viewer is shown.

#include <gtest/gtest.h>

#include "control/whip/sources.h"

namespace penstock::control::whip {
namespace {

using rooms::TrackReference;
using sfu::Codec;
using sfu::MediaKind;

const Taste kVideo{MediaKind::video, Codec::vp8, {}};
const TrackReference kOld{"old", "video"}, kNew{"new", "video"}, kSound{"old", "audio"};

Sources two_publishers() {
  Sources sources;
  sources.add(kOld, MediaKind::video, Codec::vp8);
  sources.add(kSound, MediaKind::audio, Codec::opus);
  sources.set_active(kOld, 0, true);
  sources.add(kNew, MediaKind::video, Codec::vp8);
  return sources;
}

TEST(Sources, NothingPublishedIsNothingShown) {
  EXPECT_EQ(Sources().choose(kVideo, {}), std::nullopt);
}

TEST(Sources, ATrackThatIsStillToSendIsBetterThanNone) {
  Sources sources;
  sources.add(kOld, MediaKind::video, Codec::vp8);
  EXPECT_EQ(sources.choose(kVideo, {}), kOld);
}

TEST(Sources, OnlyTheFirstAndTheLastEncodingMatter) {
  Sources sources;
  sources.add(kOld, MediaKind::video, Codec::vp8);
  EXPECT_TRUE(sources.set_active(kOld, 1, true));
  EXPECT_FALSE(sources.set_active(kOld, 1, true)) << "another size";
  EXPECT_FALSE(sources.set_active(kOld, 2, true));
  EXPECT_FALSE(sources.set_active(kOld, 1, false));
  EXPECT_FALSE(sources.set_active(kNew, 0, true)) << "not published";
  EXPECT_TRUE(sources.set_active(kOld, 2, false));
}

TEST(Sources, KindAndCodecFit) {
  EXPECT_EQ(two_publishers().choose({MediaKind::audio, Codec::opus, {}}, {}), kSound);
}

TEST(Sources, ANewPublisherIsFollowedWhenItSends) {
  Sources sources = two_publishers();
  EXPECT_EQ(sources.choose(kVideo, kOld), kOld) << "it has only announced itself";
  EXPECT_EQ(sources.choose(kVideo, {}), kOld);
  sources.set_active(kNew, 2, true);
  EXPECT_EQ(sources.choose(kVideo, kOld), kNew);
  EXPECT_EQ(sources.choose(kVideo, {}), kNew);
}

TEST(Sources, SilenceIsNoReasonToJumpBack) {
  Sources sources = two_publishers();
  EXPECT_EQ(sources.choose(kVideo, kNew), kNew) << "the old one sends, the new one paused its camera";
}

TEST(Sources, WhoIsGoneIsReplaced) {
  Sources sources = two_publishers();
  sources.set_active(kNew, 0, true);
  sources.remove(kNew);
  EXPECT_EQ(sources.choose(kVideo, kNew), kOld);
  sources.remove_endpoint("old");
  EXPECT_EQ(sources.choose(kVideo, kOld), std::nullopt);
  EXPECT_TRUE(sources.empty());
}

TEST(Sources, OnePublisherAlone) {
  Sources sources = two_publishers();
  const Taste taste{MediaKind::video, Codec::vp8, "new"};
  EXPECT_EQ(sources.choose(taste, {}), kNew);
  sources.remove(kNew);
  EXPECT_EQ(sources.choose(taste, kNew), std::nullopt);
}

TEST(Sources, ALayerThatStopsLeavesTheOthers) {
  Sources sources = two_publishers();
  sources.set_active(kNew, 0, true);
  sources.set_active(kNew, 1, true);
  sources.set_active(kNew, 1, false);
  EXPECT_EQ(sources.choose(kVideo, kOld), kNew);
}

}  // namespace
}  // namespace penstock::control::whip

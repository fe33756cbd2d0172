#include <gtest/gtest.h>

#include "dataplane/sfu/forward/layer_selector.h"

namespace penstock::sfu {
namespace {

using Step = LayerSelector::Step;
constexpr std::uint64_t kMs = 1'000'000;

LayerSelector video(std::uint8_t max = kAnyLayer) {
  LayerSelector layers;
  layers.start(MediaKind::video, max, false);
  return layers;
}

TEST(LayerSelector, TheTargetIsTheBestActiveOneWithinTheLimit) {
  struct Case {
    std::uint8_t max, active, target;
  };
  constexpr std::uint8_t kNone = LayerSelector::kNone;
  for (const auto& [max, active, target] : {Case{kAnyLayer, 0b111, 2}, Case{3, 0b1111, 3}, Case{2, 0b1111, 2},
                                            Case{1, 0b101, 0}, Case{0, 0b110, kNone}, Case{kAnyLayer, 0, kNone}}) {
    LayerSelector layers = video(max);
    layers.set_active(active);
    EXPECT_EQ(layers.target(), target) << int{max} << " of " << int{active};
    EXPECT_EQ(layers.waiting(), target != kNone);
  }
}

TEST(LayerSelector, AKeyFrameIsAskedForAtOnceAndAgainWhileItIsWaitedFor) {
  LayerSelector layers = video();
  EXPECT_EQ(layers.key_frame_due(5000 * kMs), std::nullopt) << "nothing is active";
  layers.set_active(0b011);
  EXPECT_EQ(layers.key_frame_due(5000 * kMs), 1);
  EXPECT_EQ(layers.key_frame_due(5299 * kMs), std::nullopt);
  EXPECT_EQ(layers.key_frame_due(5300 * kMs), 1);
  layers.set_active(0b111);
  EXPECT_EQ(layers.key_frame_due(5310 * kMs), 2) << "another target is another wait";
  EXPECT_EQ(layers.on_packet(0, true), Step::switch_to);
  EXPECT_EQ(layers.key_frame_due(5700 * kMs), 2) << "a lower layer will not do";
  EXPECT_EQ(layers.on_packet(2, true), Step::switch_to);
  EXPECT_EQ(layers.key_frame_due(9000 * kMs), std::nullopt);
}

TEST(LayerSelector, WaitsAndSwitchesAreCounted) {
  LayerSelector layers = video();
  layers.set_active(0b11);
  layers.on_packet(1, true);
  EXPECT_EQ(layers.waits(), 1U);
  EXPECT_EQ(layers.switches(), 0U) << "the start is none";
  layers.set_limit(0);
  layers.on_packet(0, true);
  EXPECT_EQ(layers.waits(), 2U);
  EXPECT_EQ(layers.switches(), 1U);
  layers.set_paused(true);
  layers.set_paused(false);
  layers.on_packet(0, true);
  EXPECT_EQ(layers.waits(), 3U);
  EXPECT_EQ(layers.switches(), 1U) << "a pause is none";
  layers.forget_current();
  layers.on_packet(0, true);
  EXPECT_EQ(layers.waits(), 4U);
  EXPECT_EQ(layers.switches(), 1U) << "another track is none";
}

TEST(LayerSelector, WhatGoesOnIsLeftForItsTargetAlone) {
  LayerSelector layers = video();
  layers.set_active(0b111);
  EXPECT_EQ(layers.on_packet(0, true), Step::switch_to);
  EXPECT_EQ(layers.on_packet(1, true), Step::wrong_layer) << "that would be two switches";
  EXPECT_EQ(layers.on_packet(0, true), Step::forward);
  layers.set_active(0b110);
  EXPECT_EQ(layers.on_packet(0, false), Step::forward) << "it speaks after all";
  EXPECT_EQ(layers.on_packet(1, true), Step::switch_to) << "it died";
}

TEST(LayerSelector, NothingIsWaitedForWhilePaused) {
  LayerSelector layers = video();
  layers.set_paused(true);
  layers.set_active(1);
  EXPECT_FALSE(layers.waiting());
  EXPECT_EQ(layers.on_packet(0, true), Step::paused);
  EXPECT_EQ(layers.key_frame_due(kMs), std::nullopt);
  layers.set_paused(false);
  EXPECT_EQ(layers.key_frame_due(kMs), 0);
}

TEST(LayerSelector, SoundIsNeverWaitedFor) {
  LayerSelector layers;
  layers.start(MediaKind::audio, kAnyLayer, false);
  layers.set_active(1);
  EXPECT_FALSE(layers.waiting());
  EXPECT_EQ(layers.on_packet(0, true), Step::switch_to);
  EXPECT_EQ(layers.on_packet(0, true), Step::forward);
}

TEST(LayerSelector, EncodingsThatDoNotExistAreNeverForwarded) {
  LayerSelector layers = video();
  layers.set_active(0xff);
  for (const int encoding : {4, 7, 0xff}) {
    EXPECT_NE(layers.on_packet(static_cast<std::uint8_t>(encoding), true), Step::switch_to);
  }
}

}  // namespace
}  // namespace penstock::sfu

#include "dataplane/rtp/vp8.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;
using stun::testing::to_hex;

/// Start of a key frame of 640 x 360.
constexpr auto kKeyFrame = "d0 5d 00 9d012a 8002 6801 0047";
constexpr auto kDeltaFrame = "b1 0f 00 11 22 33";

std::vector<std::uint8_t> payload(const char* descriptor, const char* frame = kKeyFrame) {
  return hex(std::string(descriptor) + frame);
}

TEST(Vp8Descriptor, AsChromiumSendsSimulcast) {
  // X, S; I L T; picture id 0x1234 in 15 bits, TL0PICIDX 7, TID 1 with Y.
  const auto d = parse_vp8(payload("90 e0 9234 07 60"));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->bytes, 6);
  EXPECT_TRUE(d->frame_start());
  EXPECT_FALSE(d->non_reference);
  EXPECT_TRUE(d->has_picture_id);
  EXPECT_TRUE(d->long_picture_id);
  EXPECT_EQ(d->picture_id, 0x1234);
  EXPECT_TRUE(d->has_tl0picidx);
  EXPECT_EQ(d->tl0picidx, 7);
  EXPECT_TRUE(d->has_temporal_layer);
  EXPECT_EQ(d->temporal_layer, 1);
  EXPECT_TRUE(d->layer_sync);
  EXPECT_FALSE(d->has_key_index);
}

TEST(Vp8Descriptor, EveryCombinationOfFields) {
  struct Row {
    const char* descriptor;
    int bytes, picture_id, tl0picidx, temporal_layer, key_index;  // -1: absent
  };
  for (const Row& row : {
           Row{"10", 1, -1, -1, -1, -1},
           Row{"90 00", 2, -1, -1, -1, -1},
           Row{"90 80 11", 3, 0x11, -1, -1, -1},
           Row{"90 80 8011", 4, 0x11, -1, -1, -1},
           Row{"90 80 ffff", 4, 0x7fff, -1, -1, -1},
           Row{"90 40 22", 3, -1, 0x22, -1, -1},
           Row{"90 20 c0", 3, -1, -1, 3, -1},
           Row{"90 10 df", 3, -1, -1, -1, 31},
           Row{"90 30 9f", 3, -1, -1, 2, 31},
           Row{"90 60 22 40", 4, -1, 0x22, 1, -1},
           Row{"90 f0 7f 22 45", 5, 0x7f, 0x22, 1, 5},
           Row{"90 f0 8100 22 45", 6, 0x100, 0x22, 1, 5},
       }) {
    const auto d = parse_vp8(payload(row.descriptor));
    ASSERT_TRUE(d) << row.descriptor;
    EXPECT_EQ(d->bytes, row.bytes) << row.descriptor;
    EXPECT_EQ(d->has_picture_id ? d->picture_id : -1, row.picture_id) << row.descriptor;
    EXPECT_EQ(d->has_tl0picidx ? d->tl0picidx : -1, row.tl0picidx) << row.descriptor;
    EXPECT_EQ(d->has_temporal_layer ? d->temporal_layer : -1, row.temporal_layer) << row.descriptor;
    EXPECT_EQ(d->has_key_index ? d->key_index : -1, row.key_index) << row.descriptor;
  }
}

TEST(Vp8Descriptor, FirstByte) {
  EXPECT_TRUE(parse_vp8(payload("30"))->non_reference);
  EXPECT_EQ(parse_vp8(payload("17"))->partition, 7);
  EXPECT_FALSE(parse_vp8(payload("17"))->frame_start());
  EXPECT_FALSE(parse_vp8(payload("00"))->frame_start());
  EXPECT_FALSE(parse_vp8(payload("90 10 20"))->layer_sync) << "Y counts with T only";
}

TEST(Vp8Descriptor, EveryWayToEndEarlyIsNamed) {
  for (const char* descriptor : {"90 f0 8100 22 45", "90 f0 01 22 45", "90 60 22 40", "90 30 9f", "10"}) {
    const auto whole = hex(descriptor);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto d = parse_vp8(Bytes(whole).first(size));
      ASSERT_FALSE(d) << descriptor << " cut to " << size;
      EXPECT_EQ(d.error(), Vp8Error::truncated) << to_string(d.error());
    }
    EXPECT_EQ(parse_vp8(whole).error(), Vp8Error::empty) << descriptor;
  }
}

TEST(Vp8KeyFrame, IsTheFirstPacketWithoutThePBit) {
  struct Row {
    const char* what;
    const char* descriptor;
    const char* frame;
    bool key;
  };
  for (const Row& row : {
           Row{"key frame", "90 80 8001", kKeyFrame, true},
           Row{"key frame, X=0", "10", kKeyFrame, true},
           Row{"delta frame", "90 80 8001", kDeltaFrame, false},
           Row{"delta frame, X=0", "10", kDeltaFrame, false},
           Row{"no start", "80 80 8001", kKeyFrame, false},
           Row{"start of another partition", "91 80 8001", kKeyFrame, false},
           Row{"one byte", "10", "d0", true},
       }) {
    const auto bytes = payload(row.descriptor, row.frame);
    const auto d = parse_vp8(bytes);
    ASSERT_TRUE(d) << row.what;
    EXPECT_EQ(starts_key_frame(*d, bytes), row.key) << row.what;
  }
}

TEST(Vp8KeyFrame, SizeIsLittleEndianAndWithoutScale) {
  const auto bytes = payload("10");
  EXPECT_EQ(key_frame_size(*parse_vp8(bytes), bytes), (FrameSize{640, 360}));
  const auto scaled = payload("10", "d0 5d 00 9d012a 80c2 6841");
  EXPECT_EQ(key_frame_size(*parse_vp8(scaled), scaled), (FrameSize{640, 360}));
  const auto wrong_code = payload("10", "d0 5d 00 9d012b 8002 6801");
  EXPECT_EQ(key_frame_size(*parse_vp8(wrong_code), wrong_code), std::nullopt);
  const auto cut = payload("10", "d0 5d 00 9d012a 8002 68");
  EXPECT_EQ(key_frame_size(*parse_vp8(cut), cut), std::nullopt);
  const auto delta = payload("10", "b1 5d 00 9d012a 8002 6801");
  EXPECT_EQ(key_frame_size(*parse_vp8(delta), delta), std::nullopt);
}

TEST(Vp8Prefix, WidensThePictureIdAndKeepsTheRest) {
  struct Row {
    const char* descriptor;
    const char* prefix;
    int picture_id_offset, tl0picidx_offset;
  };
  for (const Row& row : {
           Row{"10", "10", 0, 0},
           Row{"90 00", "9000", 0, 0},
           Row{"90 80 11", "90808011", 2, 0},
           Row{"90 80 9234", "90809234", 2, 0},
           Row{"90 e0 11 22 40", "90e080112240", 2, 4},
           Row{"b1 f0 9234 22 45", "b1f092342245", 2, 4},
           Row{"90 40 22", "904022", 0, 2},
           Row{"90 60 22 40", "90602240", 0, 2},
           Row{"90 a0 11 40", "90a0801140", 2, 0},
           Row{"90 20 c0", "9020c0", 0, 0},
       }) {
    const auto bytes = payload(row.descriptor);
    const auto d = parse_vp8(bytes);
    const Vp8Prefix prefix = normalise(*d, bytes);
    EXPECT_EQ(to_hex(Bytes(prefix.bytes).first(prefix.size)), row.prefix) << row.descriptor;
    EXPECT_EQ(prefix.picture_id_offset, row.picture_id_offset) << row.descriptor;
    EXPECT_EQ(prefix.tl0picidx_offset, row.tl0picidx_offset) << row.descriptor;
    EXPECT_EQ(prefix.rest_offset, d->bytes) << row.descriptor;
  }
}

TEST(Vp8Prefix, WritesASubscribersNumbers) {
  std::array<std::uint8_t, Vp8Prefix::kMostBytes> out;
  const auto rewritten = [&](const char* descriptor) {
    const auto bytes = payload(descriptor);
    const std::size_t size = write_prefix(out, normalise(*parse_vp8(bytes), bytes), 0x8abc, 0xfe);
    return to_hex(Bytes(out).first(size));
  };
  EXPECT_EQ(rewritten("90 e0 11 22 40"), "90e08abcfe40") << "15 bits of the picture id";
  EXPECT_EQ(rewritten("90 80 9234"), "90808abc");
  EXPECT_EQ(rewritten("90 60 22 40"), "9060fe40");
  EXPECT_EQ(rewritten("10"), "10") << "nothing is added";
}

TEST(Vp8Prefix, ReadsBackAsTheSameFrameWithNewNumbers) {
  std::mt19937 random(4);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes(7 + random() % 10);
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
    const auto before = parse_vp8(bytes);
    ASSERT_TRUE(before);
    const auto picture_id = static_cast<std::uint16_t>(random() % 0x8000);
    const auto tl0picidx = static_cast<std::uint8_t>(random());
    const Vp8Prefix prefix = normalise(*before, bytes);
    std::array<std::uint8_t, Vp8Prefix::kMostBytes> out;
    std::vector<std::uint8_t> sent(
        out.begin(), out.begin() + static_cast<std::ptrdiff_t>(write_prefix(out, prefix, picture_id, tl0picidx)));
    std::copy(out.begin(), out.begin() + prefix.size, sent.begin());
    sent.insert(sent.end(), bytes.begin() + prefix.rest_offset, bytes.end());

    const auto after = parse_vp8(sent);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->has_picture_id, before->has_picture_id);
    EXPECT_EQ(after->picture_id, before->has_picture_id ? picture_id : 0);
    EXPECT_EQ(after->has_tl0picidx, before->has_tl0picidx);
    EXPECT_EQ(after->tl0picidx, before->has_tl0picidx ? tl0picidx : 0);
    EXPECT_EQ(after->temporal_layer, before->temporal_layer);
    EXPECT_EQ(after->layer_sync, before->layer_sync);
    EXPECT_EQ(after->key_index, before->key_index);
    EXPECT_EQ(after->non_reference, before->non_reference);
    EXPECT_EQ(after->frame_start(), before->frame_start());
    EXPECT_EQ(starts_key_frame(*after, sent), starts_key_frame(*before, bytes));
    EXPECT_EQ(to_hex(Bytes(sent).subspan(after->bytes)), to_hex(Bytes(bytes).subspan(before->bytes)));
  }
}

}  // namespace
}  // namespace penstock::rtp

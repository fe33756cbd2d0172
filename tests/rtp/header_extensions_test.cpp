#include "dataplane/rtp/header_extensions.h"

#include <gtest/gtest.h>

#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;

/// As Chromium numbers them in an offer of simulcast video.
ExtensionIds chromium_ids() {
  ExtensionIds ids;
  ids.set(Extension::abs_send_time, 2);
  ids.set(Extension::video_orientation, 3);
  ids.set(Extension::transport_sequence, 4);
  ids.set(Extension::mid, 9);
  ids.set(Extension::rid, 10);
  ids.set(Extension::repaired_rid, 11);
  ids.set(Extension::audio_level, 14);
  return ids;
}

Extensions find(const char* elements, std::uint16_t profile = kOneByteProfile,
                const ExtensionIds& ids = chromium_ids()) {
  static std::vector<std::uint8_t> bytes;  // texts point into it
  bytes = hex(elements);
  return find_extensions(profile, bytes, ids);
}

TEST(Extensions, FirstPacketOfASimulcastLayer) {
  // abs-send-time, transport sequence 258, MID "1", RID "hi", padding.
  const auto found = find("22 a1b2c3 41 0102 90 31 a1 6869 00 000000");
  EXPECT_EQ(found.values.abs_send_time, 0xa1b2c3u);
  EXPECT_EQ(found.values.transport_sequence, 258);
  EXPECT_EQ(found.mid, "1");
  EXPECT_EQ(found.rid, "hi");
  EXPECT_TRUE(found.repaired_rid.empty());
  EXPECT_TRUE(found.values.has(Extension::abs_send_time));
  EXPECT_TRUE(found.values.has(Extension::transport_sequence));
  EXPECT_FALSE(found.values.has(Extension::audio_level));
  EXPECT_FALSE(found.values.has(Extension::video_orientation));
}

TEST(Extensions, AudioLevelHasVoiceBitAndLevel) {
  const auto found = find("e0 9e 0000");
  ASSERT_TRUE(found.values.has(Extension::audio_level));
  EXPECT_TRUE(found.values.voice_activity());
  EXPECT_EQ(found.values.level(), 30);
  EXPECT_FALSE(find("e0 7f 0000").values.voice_activity());
  EXPECT_EQ(find("e0 7f 0000").values.level(), 127);
}

TEST(Extensions, OrientationTurnsInQuarters) {
  EXPECT_EQ(find("30 00 0000").values.rotation_degrees(), 0);
  EXPECT_EQ(find("30 03 0000").values.rotation_degrees(), 270);
  EXPECT_EQ(find("30 09 0000").values.rotation_degrees(), 90);  // the camera bit set
}

TEST(Extensions, TwoByteFormWithAnyApplicationBits) {
  for (const std::uint16_t profile : {std::uint16_t{0x1000}, std::uint16_t{0x100f}}) {
    // MID "0", an unknown id without value, transport sequence.
    const auto found = find("09 01 30 63 00 00 04 02 beef", profile);
    EXPECT_EQ(found.mid, "0");
    EXPECT_EQ(found.values.transport_sequence, 0xbeef);
  }
  EXPECT_TRUE(find("09 01 30", 0x2000).mid.empty()) << "someone else's profile";
}

TEST(Extensions, LargeIdsTravelInTwoByteForm) {
  ExtensionIds ids;
  ids.set(Extension::mid, 255);
  ids.set(Extension::abs_send_time, 15);
  const auto found = find("ff 03 616263 0f 03 000001", kTwoByteProfile, ids);
  EXPECT_EQ(found.mid, "abc");
  EXPECT_EQ(found.values.abs_send_time, 1u);
}

TEST(Extensions, WhatIsNotNegotiatedIsSkipped) {
  const auto found = find("5f 00112233445566778899aabbccddeeff 90 37");
  EXPECT_EQ(found.mid, "7");
  EXPECT_EQ(find("22 a1b2c3 41 0102 90 31", kOneByteProfile, {}).values.present, 0);
  EXPECT_TRUE(find("90 31 0000", kOneByteProfile, {}).mid.empty());
}

TEST(Extensions, WrongLengthsCountAsAbsent) {
  for (const char* elements : {"21 a1b2 00", "23 a1b2c3d4", "40 01", "42 010203", "e1 9e9e", "31 0000"}) {
    EXPECT_EQ(find(elements).values.present, 0) << elements;
  }
  EXPECT_EQ(find("21 a1b2 40 01 41 0102").values.present, 1 << static_cast<int>(Extension::transport_sequence))
      << "the walk goes on behind them";
  EXPECT_EQ(find("02 03 a1b2c3 04 00", kTwoByteProfile).values.present,
            1 << static_cast<int>(Extension::abs_send_time));
}

TEST(Extensions, LongTextsAreIgnored) {
  EXPECT_EQ(find("9f 30313233343536373839616263646566").mid, "0123456789abcdef");
  EXPECT_TRUE(find("09 11 3031323334353637383961626364656667", kTwoByteProfile).mid.empty());
  EXPECT_TRUE(find("09 00", kTwoByteProfile).mid.empty());
}

TEST(Extensions, TheFirstOfAKindCounts) {
  const auto found = find("90 31 90 32 41 0001 41 0002 22 000001 22 000002 e0 01 e0 02 30 01 30 02");
  EXPECT_EQ(found.mid, "1");
  EXPECT_EQ(found.values.transport_sequence, 1);
  EXPECT_EQ(found.values.abs_send_time, 1u);
  EXPECT_EQ(found.values.audio_level, 1);
  EXPECT_EQ(found.values.video_orientation, 1);
}

TEST(Extensions, TheWalkEndsWhereRfc8285Says) {
  struct Row {
    const char* why;
    const char* elements;
    std::uint16_t profile;
  };
  for (const Row& row : {
           Row{"id 15", "90 31 f0 00 41 0102", kOneByteProfile},
           Row{"id 0 with a length", "90 31 01 0000 41 0102", kOneByteProfile},
           Row{"past the end", "90 31 42 0102", kOneByteProfile},
           Row{"past the end, two-byte", "09 01 31 04 03 0102", kTwoByteProfile},
           Row{"no length, two-byte", "09 01 31 04", kTwoByteProfile},
       }) {
    const auto found = find(row.elements, row.profile);
    EXPECT_EQ(found.mid, "1") << row.why;
    EXPECT_EQ(found.values.present, 0) << row.why;
  }
}

TEST(Extensions, PaddingAnywhere) {
  const auto found = find("00 00 90 31 00 41 0102 000000");
  EXPECT_EQ(found.mid, "1");
  EXPECT_EQ(found.values.transport_sequence, 0x102);
  EXPECT_EQ(find("0000000000000000").values.present, 0);
}

TEST(ExtensionIds, MeaningOfEveryId) {
  const ExtensionIds ids = chromium_ids();
  for (unsigned id = 0; id < 256; ++id) {
    std::optional<Extension> expected;
    for (std::size_t i = 0; i < kExtensions; ++i) {
      if (id != 0 && ids[static_cast<Extension>(i)] == id) expected = static_cast<Extension>(i);
    }
    EXPECT_EQ(ids.meaning_of(static_cast<std::uint8_t>(id)), expected) << id;
  }
}

TEST(ExtensionIds, NeighbouringIdsAreNotMistaken) {
  // Ids that differ in the lowest bit only, in neighbouring places: what a careless zero-byte test confuses.
  ExtensionIds ids;
  ids.set(Extension::mid, 4);
  ids.set(Extension::rid, 5);
  ids.set(Extension::repaired_rid, 6);
  ids.set(Extension::abs_send_time, 7);
  EXPECT_EQ(ids.meaning_of(4), Extension::mid);
  EXPECT_EQ(ids.meaning_of(5), Extension::rid);
  EXPECT_EQ(ids.meaning_of(6), Extension::repaired_rid);
  EXPECT_EQ(ids.meaning_of(7), Extension::abs_send_time);
  EXPECT_EQ(ids.meaning_of(1), std::nullopt);
  EXPECT_EQ(ids.meaning_of(0), std::nullopt);
}

TEST(ExtensionUris, EachNamesItself) {
  for (std::size_t i = 0; i < kExtensions; ++i) {
    EXPECT_EQ(extension_of(uri_of(static_cast<Extension>(i))), static_cast<Extension>(i));
  }
  EXPECT_EQ(extension_of("urn:ietf:params:rtp-hdrext:toffset"), std::nullopt);
  EXPECT_EQ(extension_of("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"), Extension::rid);
}

TEST(AbsSendTime, IsSixSecondsAndEighteenBits) {
  EXPECT_EQ(abs_send_time_at(0), 0u);
  EXPECT_EQ(abs_send_time_at(1'000'000'000), 1u << 18);
  EXPECT_EQ(abs_send_time_at(500'000'000), 1u << 17);
  EXPECT_EQ(abs_send_time_at(64'000'000'000), 0u) << "wraps every 64 s";
  EXPECT_EQ(abs_send_time_at(63'999'999'999), 0xff'ffffu);
}

}  // namespace
}  // namespace penstock::rtp

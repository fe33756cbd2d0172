#include "dataplane/rtp/header_template.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::to_hex;

constexpr FixedHeader kHeader{Ssrc{0x01020304}, {0xa0b0c0d0}, {0x1234}, 96, true};

ExtensionIds ids_from(std::uint8_t first) {
  ExtensionIds ids;
  for (std::size_t i = 0; i < kExtensions; ++i)
    ids.set(static_cast<Extension>(i), static_cast<std::uint8_t>(first + i));
  return ids;
}

struct Written {
  std::array<std::uint8_t, HeaderTemplate::kMostBytes> bytes;
  Bytes header;
};

Written write(const HeaderTemplate& made, const FixedHeader& header, const ExtensionValues& values) {
  Written written;
  written.bytes.fill(0xee);
  made.write(written.bytes, header, values);
  return written;
}

std::string hex_of(const HeaderTemplate& made, const FixedHeader& header, const ExtensionValues& values) {
  return to_hex(Bytes(write(made, header, values).bytes).first(made.size()));
}

TEST(HeaderTemplate, VideoByteForByte) {
  ExtensionIds ids;
  ids.set(Extension::abs_send_time, 2);
  ids.set(Extension::transport_sequence, 4);
  ids.set(Extension::video_orientation, 3);
  ids.set(Extension::mid, 9);
  const auto made = HeaderTemplate::make({.ids = ids, .mid = "v0"});
  ASSERT_TRUE(made);
  ExtensionValues values;
  values.set_abs_send_time(0xaabbcc);
  values.set_transport_sequence(0x0102);
  values.set_video_orientation(1);
  EXPECT_EQ(hex_of(*made, kHeader, values),
            "90e01234a0b0c0d001020304"
            "bede0003"
            "22aabbcc"
            "410102"
            "3001"
            "917630");
  // The same header without an orientation: two padding bytes where it was.
  values.remove(Extension::video_orientation);
  EXPECT_EQ(hex_of(*made, kHeader, values),
            "90e01234a0b0c0d001020304"
            "bede0003"
            "22aabbcc"
            "410102"
            "0000"
            "917630");
}

TEST(HeaderTemplate, NothingNegotiatedIsAPlainHeader) {
  const auto made = HeaderTemplate::make({.mid = "0"});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 12u);
  ExtensionValues values;
  values.set_transport_sequence(1);
  EXPECT_EQ(hex_of(*made, kHeader, values), "80e01234a0b0c0d001020304");
}

TEST(HeaderTemplate, TheLargestOneByteBlockFits) {
  const std::string text(16, 'x');
  const auto made = HeaderTemplate::make({.ids = ids_from(8), .mid = text, .rid = text});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), HeaderTemplate::kMostBytes);
}

TEST(HeaderTemplate, WhatDoesNotFitIsRefused) {
  const std::string text(16, 'x');
  EXPECT_FALSE(HeaderTemplate::make({.ids = ids_from(8), .mid = text + "x"}));
  EXPECT_FALSE(HeaderTemplate::make({.ids = ids_from(8), .mid = text, .rid = text, .repaired_rid = "more"}));
  EXPECT_FALSE(HeaderTemplate::make({.ids = ids_from(20), .mid = text, .rid = text}));
  EXPECT_TRUE(HeaderTemplate::make({.ids = ids_from(20), .mid = text, .rid = "hi"}));
}

TEST(HeaderTemplate, AnUnusedLargeIdDoesNotMakeItTwoByte) {
  ExtensionIds ids;
  ids.set(Extension::mid, 1);
  ids.set(Extension::rid, 15);
  const auto made = HeaderTemplate::make({.ids = ids, .mid = "a"});
  ASSERT_TRUE(made);
  EXPECT_EQ(hex_of(*made, kHeader, {}), "90e01234a0b0c0d001020304bede000110610000");
}

/// Whatever is negotiated and present reads back, the rest is absent, and the size never changes.
TEST(HeaderTemplate, WhatIsWrittenReadsBack) {
  std::mt19937 random(3);
  const auto chance = [&] { return random() % 2 == 0; };
  for (int round = 0; round < 3000; ++round) {
    ExtensionIds ids;
    const auto first = static_cast<std::uint8_t>(chance() ? 1 + random() % 8 : 1 + random() % 240);
    for (std::size_t i = 0; i < kExtensions; ++i) {
      if (chance()) ids.set(static_cast<Extension>(i), static_cast<std::uint8_t>(first + i));
    }
    const std::string mid(random() % 10, 'm'), rid(random() % 10, 'r');
    const auto made = HeaderTemplate::make({.ids = ids, .mid = mid, .rid = rid});
    ASSERT_TRUE(made);
    for (int packet = 0; packet < 4; ++packet) {
      ExtensionValues values;
      if (chance()) values.set_abs_send_time(static_cast<std::uint32_t>(random()));
      if (chance()) values.set_transport_sequence(static_cast<std::uint16_t>(random()));
      if (chance()) values.set_audio_level(static_cast<std::uint8_t>(random()));
      if (chance()) values.set_video_orientation(static_cast<std::uint8_t>(random()));
      const FixedHeader header{Ssrc{static_cast<std::uint32_t>(random())},
                               {static_cast<std::uint32_t>(random())},
                               {static_cast<std::uint16_t>(random())},
                               static_cast<std::uint8_t>(random() % 128),
                               chance()};
      const Written written = write(*made, header, values);
      const Bytes bytes = Bytes(written.bytes).first(made->size());

      const auto parsed = parse_header(bytes);
      ASSERT_TRUE(parsed);
      EXPECT_EQ(parsed->header_bytes, made->size());
      EXPECT_EQ(parsed->ssrc, header.ssrc);
      EXPECT_EQ(parsed->sequence, header.sequence);
      EXPECT_EQ(parsed->timestamp, header.timestamp);
      EXPECT_EQ(parsed->payload_type, header.payload_type);
      EXPECT_EQ(parsed->marker, header.marker);
      if (!parsed->extension) continue;
      const auto found = find_extensions(parsed->extension_profile, parsed->extension_of(bytes), ids);
      EXPECT_EQ(found.mid, ids[Extension::mid] != 0 ? mid : "");
      EXPECT_EQ(found.rid, ids[Extension::rid] != 0 ? rid : "");
      for (const Extension e : {Extension::abs_send_time, Extension::transport_sequence, Extension::audio_level,
                                Extension::video_orientation}) {
        EXPECT_EQ(found.values.has(e), values.has(e) && ids[e] != 0);
      }
      if (found.values.has(Extension::abs_send_time)) {
        EXPECT_EQ(found.values.abs_send_time, values.abs_send_time);
      }
      if (found.values.has(Extension::transport_sequence)) {
        EXPECT_EQ(found.values.transport_sequence, values.transport_sequence);
      }
      if (found.values.has(Extension::audio_level)) {
        EXPECT_EQ(found.values.audio_level, values.audio_level);
      }
      if (found.values.has(Extension::video_orientation)) {
        EXPECT_EQ(found.values.video_orientation, values.video_orientation);
      }
    }
  }
}

}  // namespace
}  // namespace penstock::rtp

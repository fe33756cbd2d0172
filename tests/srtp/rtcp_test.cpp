// SRTCP: what either cipher does with compound packets, good and bad.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/srtp/support.h"

namespace penstock::srtp::test {
namespace {

constexpr std::uint32_t kSsrc = 0xcafe0002;

using Rtcp = EachCipher;
INSTANTIATE_TEST_SUITE_P(Ciphers, Rtcp, testing::ValuesIn(kKinds), kind_name);

TEST_P(Rtcp, RoundTripsAndCountsFromOne) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    std::uint32_t index = 0;
    for (std::size_t size = 8; size < 200; size += 4) {
      const Packet plain = rtcp_packet(kSsrc, size);
      Packet packet = protect_rtcp(*sender, 0, plain, rtcp_trailer_bytes(profile));
      ASSERT_EQ(packet.size(), size + rtcp_trailer_bytes(profile));
      const UnprotectedRtcp opened = receiver->unprotect_rtcp(0, packet);
      ASSERT_EQ(opened.result, Result::ok);
      EXPECT_EQ(opened.index, ++index);
      packet.resize(opened.size);
      EXPECT_EQ(packet, plain);
    }
  }
}

TEST_P(Rtcp, InstallingAnewCountsAnew) {
  const Packet plain = rtcp_packet(kSsrc, 28);
  install(0, Profile::aead_aes_128_gcm);
  const Packet first = protect_rtcp(*sender, 0, plain, 20);
  EXPECT_NE(protect_rtcp(*sender, 0, plain, 20), first);
  install(0, Profile::aead_aes_128_gcm);
  EXPECT_EQ(protect_rtcp(*sender, 0, plain, 20), first);
}

TEST_P(Rtcp, AContextGoesOnInAnotherCipherWhereItWas) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const Packet plain = rtcp_packet(kSsrc, 28);
    for (int i = 0; i < 3; ++i) protect_rtcp(*sender, 0, plain, rtcp_trailer_bytes(profile));
    const auto other = make_cipher(GetParam(), 4).value();
    other->resume(2, master_key(profile), sender->take(0));
    EXPECT_FALSE(sender->installed(0));
    Packet packet = protect_rtcp(*other, 2, plain, rtcp_trailer_bytes(profile));
    const UnprotectedRtcp opened = receiver->unprotect_rtcp(0, packet);
    ASSERT_EQ(opened.result, Result::ok);
    EXPECT_EQ(opened.index, 4u);
  }
}

// A stream that is made anew would begin with index 1 again.
TEST_P(Rtcp, NoIndexIsUsedTwiceHoweverManySourcesSend) {
  constexpr Profile kProfile = Profile::aead_aes_128_gcm;
  install(0, kProfile);
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t ssrc = 1; ssrc <= 600; ++ssrc) {
      Packet packet = protect_rtcp(*sender, 0, rtcp_packet(ssrc, 28), rtcp_trailer_bytes(kProfile));
      const UnprotectedRtcp opened = receiver->unprotect_rtcp(0, packet);
      ASSERT_EQ(opened.result, Result::ok);
      ASSERT_GT(opened.index, round);
    }
  }
}

TEST_P(Rtcp, RefusesEveryFlippedBitAndLeavesNothingReadable) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const Packet plain = rtcp_packet(kSsrc, 28);
    const Packet packet = protect_rtcp(*sender, 0, plain, rtcp_trailer_bytes(profile));
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
      Packet forged = packet;
      forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const Packet sent = forged;
      const UnprotectedRtcp opened = receiver->unprotect_rtcp(0, forged);
      // The E flag decides before anything is tried.
      const std::size_t flag = packet.size() - 4 - (profile == Profile::aes128_cm_sha1_80 ? 10 : 0);
      EXPECT_EQ(opened.result, bit == flag * 8 + 7 ? Result::malformed : Result::authentication_failed) << bit;
      EXPECT_EQ(opened.size, 0u);
      const auto body = std::span(forged).subspan(8, 20);
      const bool unreadable = std::ranges::equal(body, std::span(sent).subspan(8, 20)) ||
                              std::ranges::all_of(body, [](std::uint8_t byte) { return byte == 0; });
      EXPECT_TRUE(unreadable) << bit;
    }
  }
}

TEST_P(Rtcp, RefusesEveryTruncation) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const Packet packet = protect_rtcp(*sender, 0, rtcp_packet(kSsrc, 52), rtcp_trailer_bytes(profile));
    for (std::size_t size = 0; size < packet.size(); ++size) {
      Packet cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_NE(receiver->unprotect_rtcp(0, cut).result, Result::ok) << size;
    }
  }
}

TEST_P(Rtcp, SizesThatDoNotFitAreMalformed) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const std::size_t trailer = rtcp_trailer_bytes(profile);
    Packet buffer = rtcp_packet(kSsrc, 28 + trailer);
    EXPECT_EQ(sender->protect_rtcp(0, buffer, 29).result, Result::malformed) << "no room";
    EXPECT_EQ(sender->protect_rtcp(0, buffer, buffer.size() + 1).result, Result::malformed) << "past the buffer";
    EXPECT_EQ(sender->protect_rtcp(0, buffer, 7).result, Result::malformed) << "no header";
    EXPECT_EQ(sender->protect_rtcp(1, buffer, 28).result, Result::no_context);
    EXPECT_EQ(receiver->unprotect_rtcp(1, buffer).result, Result::no_context);
    EXPECT_EQ(sender->protect_rtcp(0, buffer, 28).result, Result::ok);
    Packet huge = rtcp_packet(kSsrc, kMaxPacketBytes + 4);
    EXPECT_EQ(sender->protect_rtcp(0, huge, kMaxPacketBytes).result, Result::malformed);
    EXPECT_EQ(receiver->unprotect_rtcp(0, huge).result, Result::malformed);
  }
}

TEST_P(Rtcp, OpensAReplayWhoseIndexTheCallerThenRefuses) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const Packet packet = protect_rtcp(*sender, 0, rtcp_packet(kSsrc, 28), rtcp_trailer_bytes(profile));
    for (int i = 0; i < 3; ++i) {
      Packet again = packet;
      const UnprotectedRtcp opened = receiver->unprotect_rtcp(0, again);
      EXPECT_EQ(opened.result, Result::ok);
      EXPECT_EQ(opened.index, 1u);
    }
  }
}

}  // namespace
}  // namespace penstock::srtp::test

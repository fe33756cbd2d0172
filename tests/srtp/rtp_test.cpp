// SRTP: what either cipher does with packets, good and bad.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/srtp/support.h"

namespace penstock::srtp::test {
namespace {

constexpr std::uint32_t kSsrc = 0xcafe0001;

using Rtp = EachCipher;
INSTANTIATE_TEST_SUITE_P(Ciphers, Rtp, testing::ValuesIn(kKinds), kind_name);

TEST_P(Rtp, RoundTripsEveryPrefixAndSmallPayload) {
  std::mt19937_64 random(11);
  std::uint64_t index = 1;
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const std::size_t tag = tag_bytes(profile);
    for (std::size_t prefix_size = 0; prefix_size <= 6; ++prefix_size) {
      for (std::size_t size = 0; size < 70; ++size, ++index) {
        const Packet header = rtp_header(kSsrc, index, static_cast<unsigned>(size % 3), static_cast<int>(size % 4) - 1);
        const Packet prefix = random_bytes(random, prefix_size);
        const Packet payload = random_bytes(random, size);
        Packet plain = prefix;
        plain.insert(plain.end(), payload.begin(), payload.end());
        const Packet packet = protect(*sender, 0, header, index, payload, tag, prefix);
        ASSERT_EQ(packet.size(), header.size() + plain.size() + tag);
        EXPECT_TRUE(std::equal(header.begin(), header.end(), packet.begin()));
        ASSERT_EQ(unprotect(*receiver, 0, packet, header.size(), index, tag), (Opened{Result::ok, plain}));
      }
    }
  }
}

TEST_P(Rtp, PrefixAndPayloadAreOnePlaintext) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const Packet whole = hex("00112233445566778899aabbccddeeff0011223344");
    for (std::ptrdiff_t cut = 0; cut <= 16; ++cut) {
      const Packet prefix(whole.begin(), whole.begin() + cut);
      const Packet rest(whole.begin() + cut, whole.end());
      EXPECT_EQ(protect(*sender, 0, rtp_header(kSsrc, 9), 9, rest, tag_bytes(profile), prefix),
                protect(*sender, 0, rtp_header(kSsrc, 9), 9, whole, tag_bytes(profile)));
    }
  }
}

TEST_P(Rtp, RefusesEveryFlippedBit) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const std::size_t tag = tag_bytes(profile);
    const Packet header = rtp_header(kSsrc, 77, 1, 1);
    const Packet packet = protect(*sender, 0, header, 77, Packet(21, 0x42), tag);
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
      Packet forged = packet;
      forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const Result result = unprotect(*receiver, 0, forged, header.size(), 77, tag).result;
      // libsrtp looks for the payload itself, and finds another one.
      const bool other_header = bit / 8 == 0 || (bit / 8 >= 18 && bit / 8 < 20);
      const bool refused = result == Result::authentication_failed || (other_header && result == Result::malformed);
      EXPECT_TRUE(refused) << "bit " << bit;
    }
    EXPECT_EQ(unprotect(*receiver, 0, packet, header.size(), 77, tag).result, Result::ok);
  }
}

TEST_P(Rtp, RefusesEveryTruncation) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const std::size_t tag = tag_bytes(profile);
    const Packet packet = protect(*sender, 0, rtp_header(kSsrc, 5), 5, Packet(40, 0x17), tag);
    for (std::size_t size = 0; size < packet.size(); ++size) {
      const Packet cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(unprotect(*receiver, 0, cut, 12, 5, tag).result,
                size < 12 + tag ? Result::malformed : Result::authentication_failed)
          << size;
    }
  }
}

TEST_P(Rtp, TheRollOverCounterIsAuthenticated) {
  const std::uint64_t turn = 1 << 16;
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const std::size_t tag = tag_bytes(profile);
    const Packet payload(33, 0x01);
    for (const std::uint64_t index : {std::uint64_t{65535}, turn, 3 * turn + 7, kMaxPacketIndex - 4}) {
      const Packet packet = protect(*sender, 0, rtp_header(kSsrc, index), index, payload, tag);
      EXPECT_EQ(unprotect(*receiver, 0, packet, 12, index ^ turn, tag).result, Result::authentication_failed);
      EXPECT_EQ(unprotect(*receiver, 0, packet, 12, index, tag), (Opened{Result::ok, payload}));
      EXPECT_EQ(unprotect(*receiver, 0, packet, 12, index ^ turn, tag).result, Result::authentication_failed);
    }
  }
}

TEST_P(Rtp, OpensInAnyOrderAndAgain) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    const std::size_t tag = tag_bytes(profile);
    std::vector<Packet> packets;
    const std::uint64_t indices[] = {70'000, 65'530, 10, 200'000, 70'001, 70'000 - 3000, 1'000'000'000'000, 11, 0};
    for (const std::uint64_t index : indices) {
      packets.push_back(protect(*sender, 0, rtp_header(kSsrc, index), index, hex("abcdef"), tag));
    }
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < packets.size(); ++i) {
        EXPECT_EQ(unprotect(*receiver, 0, packets[i], 12, indices[i], tag), (Opened{Result::ok, hex("abcdef")}));
      }
    }
  }
}

TEST_P(Rtp, KeysDifferByContextAndStreamsBySsrc) {
  for (const Profile profile : kProfiles) {
    install(0, profile, 1);
    install(1, profile, 2);
    const std::size_t tag = tag_bytes(profile);
    const Packet payload(40, 0);
    const Packet packet = protect(*sender, 0, rtp_header(kSsrc, 1), 1, payload, tag);
    EXPECT_EQ(unprotect(*receiver, 1, packet, 12, 1, tag).result, Result::authentication_failed);
    const Packet other = protect(*sender, 0, rtp_header(kSsrc + 1, 1), 1, payload, tag);
    EXPECT_FALSE(std::equal(packet.begin() + 12, packet.end(), other.begin() + 12));
  }
}

TEST_P(Rtp, SizesThatDoNotFitAreMalformed) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    Packet out(12 + 100 + tag_bytes(profile));
    std::ranges::copy(rtp_header(kSsrc, 1), out.begin());
    const Packet payload(100);
    const Packet prefix(17);
    const Packet huge(kMaxPacketBytes + 1);
    Packet huge_out(2 * kMaxPacketBytes);
    const ProtectJob good{.header_size = 12, .packet_index = 1, .out = out, .prefix = {}, .payload = payload};
    const auto result = [this](ProtectJob job) {
      sender->protect({&job, 1});
      EXPECT_EQ(job.size != 0, job.result == Result::ok);
      return job.result;
    };
    EXPECT_EQ(result(good), Result::ok);
    ProtectJob job = good;
    job.out = std::span(out).first(out.size() - 1);
    EXPECT_EQ(result(job), Result::malformed) << "no room for the tag";
    job = good;
    job.header_size = 11;
    EXPECT_EQ(result(job), Result::malformed) << "no header";
    job = good;
    job.prefix = prefix;
    job.out = huge_out;
    EXPECT_EQ(result(job), Result::malformed) << "prefix";
    job = good;
    job.payload = huge;
    job.out = huge_out;
    EXPECT_EQ(result(job), Result::malformed) << "payload";
    job = good;
    job.packet_index = kMaxPacketIndex + 1;
    EXPECT_EQ(result(job), Result::key_exhausted);
    job = good;
    job.context = 1;
    EXPECT_EQ(result(job), Result::no_context);
    job.context = 0xffff'ffff;
    EXPECT_EQ(result(job), Result::no_context);
  }
}

TEST_P(Rtp, AnUnprotectWithoutRoomOrHeaderIsMalformed) {
  for (const Profile profile : kProfiles) {
    install(0, profile);
    Packet packet = protect(*sender, 0, rtp_header(kSsrc, 1), 1, Packet(40), tag_bytes(profile));
    Packet out(40);
    const UnprotectJob good{.header_size = 12, .packet_index = 1, .packet = packet, .out = out};
    const auto result = [this](UnprotectJob job) {
      receiver->unprotect({&job, 1});
      return job.result;
    };
    UnprotectJob job = good;
    job.out = std::span(out).first(39);
    EXPECT_EQ(result(job), Result::malformed);
    job = good;
    job.header_size = 8;
    EXPECT_EQ(result(job), Result::malformed);
    job = good;
    job.header_size = 0xffff;
    EXPECT_EQ(result(job), Result::malformed);
    job = good;
    job.packet_index = kMaxPacketIndex + 1;
    EXPECT_EQ(result(job), Result::key_exhausted);
    EXPECT_EQ(result(good), Result::ok);
  }
}

TEST_P(Rtp, AContextIsWhatWasInstalledLast) {
  EXPECT_FALSE(sender->installed(0));
  install(0, Profile::aead_aes_128_gcm, 1);
  EXPECT_TRUE(sender->installed(0));
  const Packet header = rtp_header(kSsrc, 1);
  const Packet first = protect(*sender, 0, header, 1, Packet(20), 16);
  install(0, Profile::aes128_cm_sha1_80, 2);
  const Packet second = protect(*sender, 0, header, 1, Packet(20), 10);
  EXPECT_EQ(unprotect(*receiver, 0, second, 12, 1, 10).result, Result::ok);
  EXPECT_NE(unprotect(*receiver, 0, first, 12, 1, 16).result, Result::ok);
  sender->remove(0);
  sender->remove(0);
  EXPECT_FALSE(sender->installed(0));
  EXPECT_TRUE(protect(*sender, 0, header, 1, Packet(20), 16).empty());
  install(0, Profile::aead_aes_128_gcm, 1);
  EXPECT_EQ(protect(*sender, 0, header, 1, Packet(20), 16), first);
}

TEST_P(Rtp, NumbersOutOfRangeAreNobody) {
  for (const ContextId id : {ContextId{8}, ContextId{0xffff'ffff}}) {
    sender->install(id, master_key(Profile::aead_aes_128_gcm));
    sender->remove(id);
    sender->prefetch(id);
    EXPECT_FALSE(sender->installed(id));
  }
}

/// Good and bad jobs of all profiles in one call: each gets what it would have got alone.
TEST_P(Rtp, ABatchMixesProfilesContextsAndFailures) {
  for (ContextId id = 0; id < 6; ++id) install(id, kProfiles[id % 3], id);
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{31}, kMaxBatch, kMaxBatch + 3}) {
    std::vector<Packet> plain(count), out(count), opened(count);
    std::vector<ProtectJob> jobs(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto id = static_cast<ContextId>(i % 8);  // 6 and 7 have no keys
      plain[i] = Packet(i % 90, static_cast<std::uint8_t>(i));
      out[i] = rtp_header(kSsrc + id, 100 + i);
      out[i].resize(12 + plain[i].size() + kMaxTagBytes);
      jobs[i] = {
          .context = id, .header_size = 12, .packet_index = 100 + i, .out = out[i], .prefix = {}, .payload = plain[i]};
      if (i % 13 == 5) jobs[i].out = jobs[i].out.first(12);
    }
    sender->protect(jobs);
    std::vector<UnprotectJob> back;
    std::vector<std::size_t> source;
    for (std::size_t i = 0; i < count; ++i) {
      const Result expected = i >= kMaxBatch || (i % 8 < 6 && i % 13 == 5) ? Result::malformed
                              : i % 8 >= 6                                 ? Result::no_context
                                                                           : Result::ok;
      ASSERT_EQ(jobs[i].result, expected) << i;
      if (expected != Result::ok) continue;
      opened[i].resize(plain[i].size());
      back.push_back({.context = jobs[i].context,
                      .header_size = 12,
                      .packet_index = 100 + i,
                      .packet = std::span(out[i]).first(jobs[i].size),
                      .out = opened[i]});
      source.push_back(i);
      if (i % 7 == 3) out[i].at(jobs[i].size - 1) ^= 1;
    }
    receiver->unprotect(back);
    for (std::size_t k = 0; k < back.size(); ++k) {
      const std::size_t i = source[k];
      ASSERT_EQ(back[k].result, i % 7 == 3 ? Result::authentication_failed : Result::ok) << i;
      if (back[k].result != Result::ok) continue;
      ASSERT_EQ(opened[i], plain[i]);
    }
  }
}

TEST(MakeCipher, TakesTheFastOneByItself) {
  const auto automatic = cipher(Kind::automatic);
  EXPECT_EQ(automatic->implementation(), cipher(kKinds[0])->implementation());
  EXPECT_EQ(automatic->contexts(), 8u);
}

}  // namespace
}  // namespace penstock::srtp::test

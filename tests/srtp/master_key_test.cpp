// What DTLS exports becomes keys (RFC 5764 section 4.2); profiles' sizes, numbers and names.

#include "dataplane/srtp/master_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace penstock::srtp {
namespace {

struct ProfileCase {
  Profile profile;
  std::uint16_t number;
  std::string_view name;
  std::size_t key;
  std::size_t salt;
  std::size_t tag;
};

constexpr ProfileCase kCases[] = {
    {Profile::aes128_cm_sha1_80, 1, "AES128_CM_SHA1_80", 16, 14, 10},
    {Profile::aead_aes_128_gcm, 7, "AEAD_AES_128_GCM", 16, 12, 16},
    {Profile::aead_aes_256_gcm, 8, "AEAD_AES_256_GCM", 32, 12, 16},
};

TEST(Profile, HasTheSizesNumbersAndNamesOfItsRfc) {
  for (const ProfileCase& expected : kCases) {
    EXPECT_EQ(dtls_number(expected.profile), expected.number);
    EXPECT_EQ(profile_of_dtls_number(expected.number), expected.profile);
    EXPECT_EQ(name(expected.profile), expected.name);
    EXPECT_EQ(key_bytes(expected.profile), expected.key);
    EXPECT_EQ(salt_bytes(expected.profile), expected.salt);
    EXPECT_EQ(tag_bytes(expected.profile), expected.tag);
    EXPECT_EQ(rtcp_trailer_bytes(expected.profile), expected.tag + 4);
  }
}

TEST(Profile, IsNothingForNumbersWeDoNotSpeak) {
  constexpr std::uint16_t kOthers[] = {0, 2, 5, 6, 9, 0xffff};
  for (const std::uint16_t number : kOthers) EXPECT_EQ(profile_of_dtls_number(number), std::nullopt);
}

TEST(CutExporter, GivesClientKeyServerKeyClientSaltServerSaltInThatOrder) {
  for (const ProfileCase& expected : kCases) {
    std::vector<std::uint8_t> exported(exporter_bytes(expected.profile));
    std::iota(exported.begin(), exported.end(), std::uint8_t{1});
    ASSERT_EQ(exported.size(), 2 * (expected.key + expected.salt));
    const auto keys = cut_exporter(expected.profile, exported);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->client.profile, expected.profile);
    EXPECT_EQ(keys->server.profile, expected.profile);
    const auto at = [&exported](std::size_t offset, std::size_t size) {
      return std::span(exported).subspan(offset, size);
    };
    EXPECT_TRUE(std::ranges::equal(keys->client.key_span(), at(0, expected.key)));
    EXPECT_TRUE(std::ranges::equal(keys->server.key_span(), at(expected.key, expected.key)));
    EXPECT_TRUE(std::ranges::equal(keys->client.salt_span(), at(2 * expected.key, expected.salt)));
    EXPECT_TRUE(std::ranges::equal(keys->server.salt_span(), at(2 * expected.key + expected.salt, expected.salt)));
  }
}

TEST(CutExporter, RefusesAnyOtherLength) {
  for (const ProfileCase& expected : kCases) {
    for (std::size_t size = 0; size < 100; ++size) {
      const std::vector<std::uint8_t> exported(size);
      EXPECT_EQ(cut_exporter(expected.profile, exported).has_value(), size == exporter_bytes(expected.profile));
    }
  }
}

TEST(Wipe, LeavesNothingOfTheKey) {
  MasterKey key;
  key.key.fill(0xaa);
  key.salt.fill(0xbb);
  wipe(key);
  EXPECT_EQ(key.key, MasterKey{}.key);
  EXPECT_EQ(key.salt, MasterKey{}.salt);
}

}  // namespace
}  // namespace penstock::srtp

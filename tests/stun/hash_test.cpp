#include "dataplane/stun/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "dataplane/stun/crc32.h"
#include "tests/stun/hex.h"

namespace penstock::stun {
namespace {

using testing::hex;
using testing::to_hex;

static_assert(std::is_trivially_copyable_v<HmacSha1> && std::is_trivially_copyable_v<HmacSha256>);

TEST(Hash, PlainDigestsOfSeveralParts) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5({bytes_of("message "), bytes_of(""), bytes_of("digest")})), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(to_hex(sha1({bytes_of("a"), bytes_of("bc")})), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha256({bytes_of("a"), bytes_of("bc")})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

struct HmacVector {
  std::string key;
  std::string message;
  std::string mac;  ///< hex; shorter than a whole MAC where the RFC truncates
};

std::string repeated(int count, int byte) {
  return std::string(count, static_cast<char>(byte));
}

std::string text(std::string_view digits) {
  const auto bytes = hex(digits);
  return {bytes.begin(), bytes.end()};
}

const std::string kCountingKey = text("0102030405060708090a0b0c0d0e0f10111213141516171819");

TEST(Hash, HmacSha1AsInRfc2202) {
  const HmacVector vectors[] = {
      {repeated(20, 0x0b), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
      {"Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
      {repeated(20, 0xaa), repeated(50, 0xdd), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
      {kCountingKey, repeated(50, 0xcd), "4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
      {repeated(20, 0x0c), "Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
      {repeated(80, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
      {repeated(80, 0xaa), "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
       "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
  };
  for (const auto& [key, message, mac] : vectors) {
    EXPECT_EQ(to_hex(HmacSha1(bytes_of(key)).mac(bytes_of(message))), mac) << message;
  }
}

TEST(Hash, HmacSha256AsInRfc4231) {
  const HmacVector vectors[] = {
      {repeated(20, 0x0b), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {repeated(20, 0xaa), repeated(50, 0xdd), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {kCountingKey, repeated(50, 0xcd), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {repeated(20, 0x0c), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
      {repeated(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {repeated(131, 0xaa),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
       "hashed "
       "before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const auto& [key, message, mac] : vectors) {
    EXPECT_EQ(to_hex(HmacSha256(bytes_of(key)).mac(bytes_of(message))).substr(0, mac.size()), mac) << message;
  }
}

TEST(Hash, HmacOfPartsIsHmacOfTheWhole) {
  const std::string message = repeated(200, 0x5a);
  const Bytes whole = bytes_of(message);
  const HmacSha1 sha1_key(bytes_of("key"));
  const HmacSha256 sha256_key(bytes_of("key"));
  for (std::size_t cut : {0, 1, 4, 63, 64, 65, 128, 200}) {
    EXPECT_EQ(sha1_key.mac({whole.first(cut), whole.subspan(cut)}), sha1_key.mac(whole)) << cut;
    EXPECT_EQ(sha256_key.mac({whole.first(cut), whole.subspan(cut)}), sha256_key.mac(whole)) << cut;
  }
}

TEST(Hash, NoKeyAndEmptyKeyHoldNoKey) {
  EXPECT_FALSE(HmacSha1().has_key());
  EXPECT_FALSE(HmacSha1(Bytes{}).has_key());
  EXPECT_TRUE(HmacSha1(bytes_of("k")).has_key());
  EXPECT_FALSE(HmacSha256().has_key());
  EXPECT_FALSE(HmacSha256(Bytes{}).has_key());
  EXPECT_TRUE(HmacSha256(bytes_of("k")).has_key());
}

TEST(Hash, ConstantTimeCompare) {
  EXPECT_TRUE(equal_in_constant_time(bytes_of("abc"), bytes_of("abc")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc").first(2), bytes_of("abc")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("abc").first(2)));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

TEST(Crc32, CheckValueAndEveryRemainderOfEight) {
  EXPECT_EQ(crc32(bytes_of("123456789")), 0xcbf43926u);
  EXPECT_EQ(crc32({}), 0u);
  const std::string text = "The quick brown fox jumps over the lazy dog";
  EXPECT_EQ(crc32(bytes_of(text)), 0x414fa339u);
  for (std::size_t n = 0; n <= text.size(); ++n) {
    std::uint32_t crc = 0xffffffff;  // bit by bit
    for (std::uint8_t byte : bytes_of(text).first(n)) {
      crc ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    EXPECT_EQ(crc32(bytes_of(text).first(n)), ~crc) << n;
  }
}

}  // namespace
}  // namespace penstock::stun

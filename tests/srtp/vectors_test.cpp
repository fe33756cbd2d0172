// The RFCs' vectors below the key derivation, which libsrtp does not show: RFC 3711 appendix B, RFC 7714 sections
// 16, 17.

#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/srtp/ipsec_mb/batch_cipher.h"
#include "dataplane/srtp/ipsec_mb/session_keys.h"
#include "tests/srtp/support.h"

namespace penstock::srtp::ipsec_mb {
namespace {

using test::hex;
using test::Packet;

template <std::size_t size>
void set(std::array<std::uint8_t, size>& to, std::string_view digits) {
  std::ranges::copy(hex(digits), to.begin());
}

Packet keystream_of(std::string_view key, std::string_view counter, std::size_t size) {
  const Manager manager = make_manager().value();
  std::array<std::uint8_t, kBlockBytes> block{};
  set(block, counter);
  Packet out(size);
  keystream(*manager.functions, hex(key), block, out);
  return out;
}

TEST(Rfc3711, B2AesCounterMode) {
  const std::string_view key = "2B7E151628AED2A6ABF7158809CF4F3C";
  EXPECT_EQ(keystream_of(key, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", 48),
            hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"));
  EXPECT_EQ(keystream_of(key, "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", 48),
            hex("EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"));
}

TEST(Rfc3711, B3KeyDerivation) {
  MasterKey master;
  set(master.key, "E1F97A0D3E018BE0D64FA32C06DE4139");
  set(master.salt, "0EC675AD498AFEEBB6960B3AABE6");
  const Manager manager = make_manager().value();
  const SessionKeys keys = derive_session_keys(*manager.functions, master);
  EXPECT_TRUE(std::ranges::equal(std::span(keys.rtp.cipher).first<16>(), hex("C61E7A93744F39EE10734AFE3FF7A087")));
  EXPECT_TRUE(std::ranges::equal(std::span(keys.rtp.salt).first<14>(), hex("30CBBC08863D8C85D49DB34A9AE1")));
  EXPECT_TRUE(std::ranges::equal(keys.rtp.authentication, hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")));
}

TEST(Rfc3711, B3LongAuthenticationKey) {
  // The appendix derives 94 bytes for it: label 1 over the salt, six blocks.
  EXPECT_EQ(keystream_of("E1F97A0D3E018BE0D64FA32C06DE4139", "0EC675AD498AFEEAB6960B3AABE60000", 48),
            hex("CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098"));
}

// RFC 7714 sections 16 and 17: one salt, one RTP and one RTCP packet, both key sizes.
constexpr std::string_view kSalt = "51756964 2070726f 2071756f";
constexpr std::string_view kKey = "00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617 18191a1b 1c1d1e1f";
constexpr std::string_view kHeader = "8040f17b 8041f8d3 5501a0b2";
constexpr std::string_view kPayload =
    "47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573";
constexpr std::uint64_t kIndex = 0xf17b;
constexpr std::string_view kRtcp =
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef "
    "deadbeef";
constexpr std::uint32_t kRtcpIndex = 0x5d4;

struct Vector {
  Profile profile;
  std::string_view srtp;
  std::string_view srtcp;
};

constexpr Vector kVectors[] = {
    {Profile::aead_aes_128_gcm,  // sections 16.1, 17.1
     "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf "
     "8833899d 7f27beb1 6a9152cf 765ee439 0cce",
     "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded "
     "0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4"},
    {Profile::aead_aes_256_gcm,  // sections 16.2, 17.2
     "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 "
     "b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
     "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047 "
     "6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4"},
};

class Rfc7714 : public testing::TestWithParam<Vector> {
 protected:
  Rfc7714() {
    SessionKeys keys;
    keys.profile = GetParam().profile;
    const Packet key = hex(kKey);
    for (SessionKey* session : {&keys.rtp, &keys.rtcp}) {
      std::copy_n(key.begin(), key_bytes(keys.profile), session->cipher.begin());
      set(session->salt, kSalt);
    }
    cipher.install_session(0, keys);
  }
  BatchCipher cipher{make_manager().value(), 1};
};

TEST_P(Rfc7714, Srtp) {
  const Packet packet = hex(GetParam().srtp);
  EXPECT_EQ(test::protect(cipher, 0, hex(kHeader), kIndex, hex(kPayload), 16), packet);
  EXPECT_EQ(test::unprotect(cipher, 0, packet, 12, kIndex, 16), (test::Opened{Result::ok, hex(kPayload)}));
}

TEST_P(Rfc7714, Srtcp) {
  for (std::uint32_t index = 1; index < kRtcpIndex; ++index) test::protect_rtcp(cipher, 0, hex(kRtcp), 20);
  Packet packet = test::protect_rtcp(cipher, 0, hex(kRtcp), 20);
  EXPECT_EQ(packet, hex(GetParam().srtcp));
  const UnprotectedRtcp opened = cipher.unprotect_rtcp(0, packet);
  EXPECT_EQ(opened.result, Result::ok);
  EXPECT_EQ(opened.index, kRtcpIndex);
  packet.resize(opened.size);
  EXPECT_EQ(packet, hex(kRtcp));
}

TEST_P(Rfc7714, SrtcpThatIsOnlyTaggedIsRefused) {
  // Section 17.3, AEAD_AES_128_GCM; the flag decides before any key does.
  Packet packet = hex(std::string(kRtcp) + "841dd968 3dd78ec9 2ae58790 125f62b3 000005d4");
  EXPECT_EQ(cipher.unprotect_rtcp(0, packet).result, Result::malformed);
}

INSTANTIATE_TEST_SUITE_P(Vectors, Rfc7714, testing::ValuesIn(kVectors),
                         [](const auto& each) { return std::string(name(each.param.profile)); });

}  // namespace
}  // namespace penstock::srtp::ipsec_mb

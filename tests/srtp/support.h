#pragma once
// What the SRTP tests build packets and ciphers with.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::srtp::test {

using Packet = std::vector<std::uint8_t>;

inline constexpr Profile kProfiles[] = {Profile::aes128_cm_sha1_80, Profile::aead_aes_128_gcm,
                                        Profile::aead_aes_256_gcm};

/// Pairs of hex digits; spaces are skipped.
inline Packet hex(std::string_view digits) {
  Packet bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

inline std::unique_ptr<Cipher> cipher(Kind kind, std::size_t contexts = 8) {
  auto made = make_cipher(kind, contexts);
  if (!made) throw std::runtime_error(made.error());
  return std::move(*made);
}

inline Packet random_bytes(std::mt19937_64& random, std::size_t size) {
  Packet bytes(size);
  for (std::size_t i = 0; i < size; i += 8) {
    const std::uint64_t word = random();
    for (std::size_t j = i; j < std::min(size, i + 8); ++j) bytes[j] = static_cast<std::uint8_t>(word >> (8 * (j - i)));
  }
  return bytes;
}

inline MasterKey master_key(Profile profile, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  MasterKey key{.profile = profile};
  const Packet bytes = random_bytes(random, key_bytes(profile) + salt_bytes(profile));
  std::copy_n(bytes.begin(), key_bytes(profile), key.key.begin());
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(key_bytes(profile)), salt_bytes(profile), key.salt.begin());
  return key;
}

/// An RTP header (RFC 3550 section 5.1) with `csrcs` sources, and an extension of `extension_words` unless negative.
inline Packet rtp_header(std::uint32_t ssrc, std::uint64_t packet_index, unsigned csrcs = 0, int extension_words = -1) {
  Packet header(12 + 4 * csrcs + (extension_words < 0 ? 0 : 4 + 4 * static_cast<std::size_t>(extension_words)), 0x5e);
  header[0] = static_cast<std::uint8_t>(0x80 | (extension_words < 0 ? 0 : 0x10) | csrcs);
  header[1] = 96;
  net::store_be16(&header[2], static_cast<std::uint16_t>(packet_index));
  net::store_be32(&header[4], 0x11223344);
  net::store_be32(&header[8], ssrc);
  if (extension_words >= 0) {
    net::store_be16(&header[12 + 4 * csrcs], 0xbede);
    net::store_be16(&header[14 + 4 * csrcs], static_cast<std::uint16_t>(extension_words));
  }
  return header;
}

/// One packet through protect(), in a buffer that has not a byte to spare. Empty unless the result is ok.
inline Packet protect(Cipher& cipher, ContextId context, const Packet& header, std::uint64_t packet_index,
                      const Packet& payload, std::size_t tag, const Packet& prefix = {}) {
  Packet out(header.size() + prefix.size() + payload.size() + tag, 0xee);
  std::copy(header.begin(), header.end(), out.begin());
  ProtectJob job{.context = context,
                 .header_size = static_cast<std::uint16_t>(header.size()),
                 .packet_index = packet_index,
                 .out = out,
                 .prefix = prefix,
                 .payload = payload};
  cipher.protect({&job, 1});
  EXPECT_EQ(job.size, job.result == Result::ok ? out.size() : 0);
  return job.result == Result::ok ? out : Packet{};
}

struct Opened {
  Result result;
  Packet payload;
  bool operator==(const Opened&) const = default;
};

/// One packet through unprotect(), which must leave the packet as it was, and nothing readable of a forged one.
inline Opened unprotect(Cipher& cipher, ContextId context, const Packet& packet, std::size_t header_size,
                        std::uint64_t packet_index, std::size_t tag) {
  Packet wire = packet;
  Packet out(packet.size() < header_size + tag ? 0 : packet.size() - header_size - tag, 0);
  UnprotectJob job{.context = context,
                   .header_size = static_cast<std::uint16_t>(header_size),
                   .packet_index = packet_index,
                   .packet = wire,
                   .out = out};
  cipher.unprotect({&job, 1});
  EXPECT_EQ(wire, packet);
  EXPECT_EQ(job.size, job.result == Result::ok ? out.size() : 0);
  if (job.result == Result::ok) return {job.result, out};
  EXPECT_EQ(out, Packet(out.size(), 0));
  return {job.result, {}};
}

/// A receiver report, the smallest compound packet, grown to `size`.
inline Packet rtcp_packet(std::uint32_t ssrc, std::size_t size = 8) {
  Packet packet(size, 0x3c);
  packet[0] = 0x80;
  packet[1] = 201;
  net::store_be16(&packet[2], static_cast<std::uint16_t>(size / 4 - 1));
  net::store_be32(&packet[4], ssrc);
  return packet;
}

inline Packet protect_rtcp(Cipher& cipher, ContextId context, Packet packet, std::size_t trailer) {
  const std::size_t size = packet.size();
  packet.resize(size + trailer);
  const ProtectedRtcp made = cipher.protect_rtcp(context, packet, size);
  EXPECT_EQ(made.size, made.result == Result::ok ? packet.size() : 0);
  return made.result == Result::ok ? packet : Packet{};
}

/// Every test of Cipher runs on both implementations.
class EachCipher : public testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<Cipher> sender = cipher(GetParam());
  std::unique_ptr<Cipher> receiver = cipher(GetParam());

  void install(ContextId id, Profile profile, std::uint64_t seed = 1) {
    sender->install(id, master_key(profile, seed));
    receiver->install(id, master_key(profile, seed));
  }
};

inline std::string kind_name(const testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::libsrtp ? "libsrtp" : "ipsec_mb";
}

#ifdef PENSTOCK_IPSEC_MB
inline constexpr Kind kKinds[] = {Kind::ipsec_mb, Kind::libsrtp};
#else
inline constexpr Kind kKinds[] = {Kind::libsrtp};
#endif

}  // namespace penstock::srtp::test

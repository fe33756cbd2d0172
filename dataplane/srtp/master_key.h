#pragma once
// Master keys: what DTLS-SRTP agrees on and an update carries to the worker.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "dataplane/srtp/profile.h"

namespace penstock::srtp {

/// Master key and master salt of one direction (RFC 3711 section 3.2.1). Plain data; bytes past the profile's sizes are
/// zero. A secret: whoever held one wipes it.
struct MasterKey {
  Profile profile = Profile::aes128_cm_sha1_80;
  std::array<std::uint8_t, kMaxKeyBytes> key{};
  std::array<std::uint8_t, kMaxSaltBytes> salt{};

  std::span<const std::uint8_t> key_span() const { return std::span(key).first(key_bytes(profile)); }
  std::span<const std::uint8_t> salt_span() const { return std::span(salt).first(salt_bytes(profile)); }
};
static_assert(sizeof(MasterKey) <= 48 && std::is_trivially_copyable_v<MasterKey>);

/// The two directions of a DTLS-SRTP association.
struct MasterKeys {
  MasterKey client;  ///< the DTLS client writes with it: we unprotect with it when we were the server
  MasterKey server;  ///< the DTLS server writes with it
};

/// How many bytes to ask the exporter for, with the label "EXTRACTOR-dtls_srtp" and no context (RFC 5764 section 4.2).
constexpr std::size_t exporter_bytes(Profile profile) {
  return 2 * (key_bytes(profile) + salt_bytes(profile));
}

/// Cuts the exporter's output: client key, server key, client salt, server salt (RFC 5764 section 4.2). Nothing when
/// `exported` is not exporter_bytes(profile) long.
std::optional<MasterKeys> cut_exporter(Profile profile, std::span<const std::uint8_t> exported);

/// Overwrites with zeros, which the compiler does not leave out.
void wipe(MasterKey& key);
void wipe(std::span<std::uint8_t> secret);

}  // namespace penstock::srtp

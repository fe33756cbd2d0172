#pragma once
// Certificate fingerprints, by which signaling vouches for a DTLS certificate (RFC 8122 section 5).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::control::dtls {

/// Those of RFC 8122 that are still to be trusted: MD5, MD2 and SHA-1 are refused.
enum class FingerprintHash : std::uint8_t { sha224, sha256, sha384, sha512 };
inline constexpr std::array<std::string_view, 4> kFingerprintHashNames = {"sha-224", "sha-256", "sha-384", "sha-512"};

/// The hash of a certificate's DER form.
struct Fingerprint {
  static constexpr std::size_t kMostBytes = 64;

  FingerprintHash hash = FingerprintHash::sha256;
  std::array<std::uint8_t, kMostBytes> bytes{};  ///< zero past the hash's size

  std::span<const std::uint8_t> span() const;
  /// "sha-256", as in SDP and in the API.
  std::string_view hash_name() const { return kFingerprintHashNames[static_cast<std::size_t>(hash)]; }
  /// "0A:1B:...", upper case as RFC 8122 has it.
  std::string hex() const;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// The two words of an "a=fingerprint" line, in any case (browsers differ). The error says which word is wrong and what
/// is accepted.
tl::expected<Fingerprint, std::string> parse_fingerprint(std::string_view hash_name, std::string_view hex);

/// Of a DER-encoded certificate.
Fingerprint fingerprint(FingerprintHash hash, std::span<const std::uint8_t> der);

/// Whether one of `allowed` is the certificate's, compared in constant time. An empty list allows nothing.
bool matches(std::span<const Fingerprint> allowed, std::span<const std::uint8_t> der);

}  // namespace penstock::control::dtls

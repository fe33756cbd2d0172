#include "control/dtls/fingerprint.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>

namespace penstock::control::dtls {
namespace {

constexpr std::size_t size_of(FingerprintHash hash) {
  constexpr std::array<std::size_t, kFingerprintHashNames.size()> kSizes = {28, 32, 48, 64};
  return kSizes[static_cast<std::size_t>(hash)];
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::optional<FingerprintHash> hash_named(std::string_view name) {
  for (std::size_t i = 0; i < kFingerprintHashNames.size(); ++i) {
    if (equal_ignoring_case(kFingerprintHashNames[i], name)) return static_cast<FingerprintHash>(i);
  }
  return std::nullopt;
}

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

const EVP_MD* algorithm(FingerprintHash hash) {
  switch (hash) {
    case FingerprintHash::sha224:
      return EVP_sha224();
    case FingerprintHash::sha256:
      return EVP_sha256();
    case FingerprintHash::sha384:
      return EVP_sha384();
    case FingerprintHash::sha512:
      return EVP_sha512();
  }
  return EVP_sha256();
}

}  // namespace

std::span<const std::uint8_t> Fingerprint::span() const {
  return std::span(bytes).first(size_of(hash));
}

std::string Fingerprint::hex() const {
  std::string text;
  for (const std::uint8_t byte : span()) fmt::format_to(std::back_inserter(text), "{:02X}:", byte);
  text.pop_back();
  return text;
}

tl::expected<Fingerprint, std::string> parse_fingerprint(std::string_view hash_name, std::string_view hex) {
  const auto hash = hash_named(hash_name);
  if (!hash) {
    return tl::unexpected(fmt::format("fingerprint hash '{}' is not accepted; use sha-256, sha-384, sha-512 or sha-224",
                                      hash_name.substr(0, 16)));
  }
  Fingerprint parsed{.hash = *hash};
  const std::size_t size = size_of(*hash);
  bool good = hex.size() == 3 * size - 1;
  for (std::size_t i = 0; good && i < size; ++i) {
    const auto high = digit(hex[3 * i]);
    const auto low = digit(hex[3 * i + 1]);
    good = high && low && (i + 1 == size || hex[3 * i + 2] == ':');
    if (good) parsed.bytes[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  if (!good) {
    return tl::unexpected(
        fmt::format("a {} fingerprint is {} bytes in hexadecimal with colons between them", parsed.hash_name(), size));
  }
  return parsed;
}

Fingerprint fingerprint(FingerprintHash hash, std::span<const std::uint8_t> der) {
  Fingerprint made{.hash = hash};
  EVP_Digest(der.data(), der.size(), made.bytes.data(), nullptr, algorithm(hash), nullptr);
  return made;
}

bool matches(std::span<const Fingerprint> allowed, std::span<const std::uint8_t> der) {
  bool found = false;
  for (const Fingerprint& one : allowed) {
    const Fingerprint actual = fingerprint(one.hash, der);
    // A failed digest leaves zeros, which must match nobody.
    const bool digested = std::ranges::any_of(actual.span(), [](std::uint8_t byte) { return byte != 0; });
    found |= digested && CRYPTO_memcmp(one.bytes.data(), actual.bytes.data(), one.bytes.size()) == 0;
  }
  return found;
}

}  // namespace penstock::control::dtls

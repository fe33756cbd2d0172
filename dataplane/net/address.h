#pragma once
// Addresses, endpoints and prefixes in the one form Penstock uses: 128 bits, IPv4 as v4-mapped (::ffff:a.b.c.d).

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::net {

enum class Family : std::uint8_t { v4, v6 };

/// An IP address: 16 bytes in network order. IPv4 is v4-mapped, so equal addresses have equal bytes.
struct Address {
  alignas(8) std::array<std::uint8_t, 16> bytes{};

  /// `host_order` is the usual integer, 0x7f000001 for 127.0.0.1.
  static constexpr Address v4(std::uint32_t host_order) {
    Address a;
    a.bytes[10] = 0xff;
    a.bytes[11] = 0xff;
    for (int i = 0; i < 4; ++i) a.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return a;
  }

  constexpr bool is_v4() const { return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin()); }
  constexpr Family family() const { return is_v4() ? Family::v4 : Family::v6; }

  /// The IPv4 address as an integer; meaningful only when is_v4().
  constexpr std::uint32_t v4_host_order() const {
    return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 | bytes[15];
  }

  std::uint64_t high() const { return load(0); }
  std::uint64_t low() const { return load(8); }
  bool is_unspecified() const { return low() == 0 && high() == 0 ? true : is_v4() && v4_host_order() == 0; }

  friend bool operator==(const Address& a, const Address& b) { return a.low() == b.low() && a.high() == b.high(); }
  friend std::strong_ordering operator<=>(const Address& a, const Address& b) { return a.bytes <=> b.bytes; }

 private:
  static constexpr std::array<std::uint8_t, 12> kV4Prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

  std::uint64_t load(std::size_t at) const {
    std::uint64_t v;
    std::memcpy(&v, bytes.data() + at, sizeof v);
    return v;
  }
};
static_assert(sizeof(Address) == 16);

/// An address and a UDP port (host order).
struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend std::strong_ordering operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// An address block. `length` counts bits of the 128-bit form, so 10.0.0.0/8 has length 104.
struct Prefix {
  Address address;
  std::uint8_t length = 128;

  bool contains(const Address& a) const;
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

/// "192.0.2.1" or "2001:db8::1". The error is a sentence naming the text.
tl::expected<Address, std::string> parse_address(std::string_view text);
/// "192.0.2.1:3478", "[2001:db8::1]:3478"; without a port, `default_port`. A bare "2001:db8::1" is an address.
tl::expected<Endpoint, std::string> parse_endpoint(std::string_view text, std::uint16_t default_port);
/// "10.0.0.0/8", "fc00::/7"; a bare address is a host prefix. Bits behind the length must be zero.
tl::expected<Prefix, std::string> parse_prefix(std::string_view text);

std::string to_string(const Address& a);
std::string to_string(const Endpoint& e);
std::string to_string(const Prefix& p);

/// The address that a packet to `a` would in the end reach, as far as the form tells: IPv4-compatible (::a.b.c.d), 6to4
/// (2002::/16) and NAT64 (64:ff9b::/96) forms resolve to their IPv4 address, everything else to itself. For policy
/// only: packets go to the address as given.
Address canonical(const Address& a);

/// Well mixed 64-bit hash of an endpoint and a salt (a local id, a secret).
inline std::uint64_t hash(const Endpoint& e, std::uint64_t salt) {
  constexpr std::uint64_t kMul = 0x9ddfea08eb382d69ULL;
  std::uint64_t h = (e.address.low() ^ (salt * kMul)) * kMul;
  h = (h ^ (h >> 32) ^ e.address.high() ^ (std::uint64_t{e.port} << 48)) * kMul;
  h = (h ^ (h >> 29)) * kMul;
  return h ^ (h >> 32);
}

}  // namespace penstock::net

template <>
struct std::hash<penstock::net::Address> {
  std::size_t operator()(const penstock::net::Address& a) const noexcept { return penstock::net::hash({a, 0}, 0); }
};
template <>
struct std::hash<penstock::net::Endpoint> {
  std::size_t operator()(const penstock::net::Endpoint& e) const noexcept { return penstock::net::hash(e, 0); }
};

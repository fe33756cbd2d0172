#include "dataplane/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace penstock::net {
namespace {

// Bits of the 128-bit form that precede an IPv4 address.
constexpr std::uint8_t kMappedBits = 96;

bool bits_equal(const Address& a, const Address& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (std::memcmp(a.bytes.data(), b.bytes.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return ((a.bytes[whole] ^ b.bytes[whole]) & mask) == 0;
}

bool zero_after(const Address& a, unsigned bits) {
  for (unsigned i = bits; i < 128; ++i) {
    if (a.bytes[i / 8] & (0x80 >> (i % 8))) return false;
  }
  return true;
}

Address v4_at(const Address& a, std::size_t at) {
  return Address::v4(std::uint32_t{a.bytes[at]} << 24 | std::uint32_t{a.bytes[at + 1]} << 16 |
                     std::uint32_t{a.bytes[at + 2]} << 8 | a.bytes[at + 3]);
}

template <class T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

bool Prefix::contains(const Address& a) const {
  return bits_equal(address, a, length);
}

tl::expected<Address, std::string> parse_address(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return Address::v4(ntohl(v4.s_addr));
  Address a;
  if (inet_pton(AF_INET6, copy.c_str(), a.bytes.data()) == 1) return a;
  return tl::unexpected(fmt::format("'{}' is not an IPv4 or IPv6 address", text));
}

tl::expected<Endpoint, std::string> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return tl::unexpected(fmt::format("'{}' has no closing bracket", text));
    host = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    if (!rest.empty()) {
      if (rest[0] != ':') return tl::unexpected(fmt::format("'{}': expected ':PORT' behind the bracket", text));
      port = rest.substr(1);
      has_port = true;
    }
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos && text.rfind(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  Endpoint e;
  e.port = default_port;
  if (has_port && (!parse_number(port, e.port) || e.port == 0)) {
    return tl::unexpected(fmt::format("'{}': the port must be a number from 1 to 65535", text));
  }
  auto address = parse_address(host);
  if (!address) return tl::unexpected(address.error());
  e.address = *address;
  return e;
}

tl::expected<Prefix, std::string> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  auto address = parse_address(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  Prefix p{*address, 128};
  if (slash == std::string_view::npos) return p;
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const unsigned limit = dotted ? 32 : 128;
  unsigned length = 0;
  if (!parse_number(text.substr(slash + 1), length) || length > limit) {
    return tl::unexpected(fmt::format("'{}': the prefix length must be a number from 0 to {}", text, limit));
  }
  p.length = static_cast<std::uint8_t>(dotted ? length + kMappedBits : length);
  if (!zero_after(p.address, p.length)) {
    return tl::unexpected(fmt::format("'{}' has bits set behind its prefix length", text));
  }
  return p;
}

std::string to_string(const Address& a) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (a.is_v4()) {
    const in_addr v4{htonl(a.v4_host_order())};
    inet_ntop(AF_INET, &v4, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, a.bytes.data(), text.data(), text.size());
  }
  return text.data();
}

std::string to_string(const Endpoint& e) {
  return e.address.is_v4() ? fmt::format("{}:{}", to_string(e.address), e.port)
                           : fmt::format("[{}]:{}", to_string(e.address), e.port);
}

std::string to_string(const Prefix& p) {
  const bool v4 = p.address.is_v4() && p.length >= kMappedBits;
  return fmt::format("{}/{}", to_string(p.address), v4 ? p.length - kMappedBits : p.length);
}

Address canonical(const Address& a) {
  if (a.is_v4()) return a;
  if (a.bytes[0] == 0x20 && a.bytes[1] == 0x02) return canonical(v4_at(a, 2));  // 6to4, RFC 3056
  static constexpr Address kNat64{{0x00, 0x64, 0xff, 0x9b}};
  if (bits_equal(a, kNat64, 96)) return v4_at(a, 12);  // RFC 6052 well-known prefix
  const bool compatible = bits_equal(a, Address{}, 96) && v4_at(a, 12).v4_host_order() > 0xffff;
  return compatible ? v4_at(a, 12) : a;  // ::a.b.c.d, but not :: and ::1 and their neighbours
}

}  // namespace penstock::net

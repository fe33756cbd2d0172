#pragma once
// An address as an interface has it.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"

namespace penstock::port {

/// An address with the length of its network's prefix, in the 128-bit form: 192.0.2.1/24 has length 120. Unlike a
/// net::Prefix it has bits behind the length.
struct InterfaceAddress {
  net::Address address;
  std::uint8_t prefix_length = 128;

  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

/// "192.0.2.1/24", "2001:db8::1/64"; a bare address is a host's. The error is a sentence naming the text.
tl::expected<InterfaceAddress, std::string> parse_interface_address(std::string_view text);
std::string to_string(const InterfaceAddress& a);

}  // namespace penstock::port

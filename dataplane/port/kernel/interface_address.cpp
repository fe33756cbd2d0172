#include "dataplane/port/kernel/interface_address.h"

#include <fmt/format.h>

#include <charconv>

namespace penstock::port {

tl::expected<InterfaceAddress, std::string> parse_interface_address(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = net::parse_address(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  InterfaceAddress result{*address, 128};
  if (slash == std::string_view::npos) return result;
  const std::string_view digits = text.substr(slash + 1);
  const unsigned most = address->is_v4() ? 32 : 128;
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > most) {
    return tl::unexpected(fmt::format("'{}': the prefix length must be a number from 0 to {}", text, most));
  }
  result.prefix_length = static_cast<std::uint8_t>(128 - most + length);
  return result;
}

std::string to_string(const InterfaceAddress& a) {
  return fmt::format("{}/{}", net::to_string(a.address), a.address.is_v4() ? a.prefix_length - 96 : a.prefix_length);
}

}  // namespace penstock::port

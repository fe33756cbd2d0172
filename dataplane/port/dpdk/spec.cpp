#include "dataplane/port/dpdk/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace penstock::port {
namespace {

using Error = tl::unexpected<std::string>;

// "0000:01:00.0" or "01:00.0".
bool looks_like_pci(std::string_view name) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot < 5 || name.size() != dot + 2) return false;
  return std::ranges::count(name, ':') >= 1 &&
         std::ranges::all_of(name, [&](char c) { return hex(c) || c == ':' || c == '.'; });
}

tl::expected<std::uint16_t, std::string> number(std::string_view key, std::string_view text, unsigned min,
                                                unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return Error(fmt::format("{}={}: a number from {} to {} belongs here", key, text, min, max));
  }
  return static_cast<std::uint16_t>(value);
}

tl::expected<void, std::string> apply(std::string_view key, std::string_view value, DeviceSpec& spec) {
  if (key == "tap") {
    if (value.empty() || value.size() > 15 || value.find('/') != std::string_view::npos) {
      return Error(fmt::format("tap={}: an interface name has 1 to 15 characters and no slash", value));
    }
    spec.tap = value;
    return {};
  }
  if (key == "address") {
    return parse_interface_address(value).map([&](const InterfaceAddress& a) { spec.addresses.push_back(a); });
  }
  if (key == "gateway") {
    return net::parse_address(value).map([&](const net::Address& a) { spec.gateways.push_back(a); });
  }
  if (key == "mtu") return number(key, value, 1280, 9216).map([&](std::uint16_t n) { spec.mtu = n; });
  if (key == "queues") return number(key, value, 1, 128).map([&](std::uint16_t n) { spec.queues = n; });
  return Error(fmt::format("'{}' is not a key: tap, address, gateway, mtu, queues are", key));
}

}  // namespace

bool DeviceSpec::is_pci() const {
  return looks_like_pci(device());
}

std::string_view DeviceSpec::kernel_interface() const {
  if (!device().starts_with("net_af_xdp") && !device().starts_with("net_af_packet")) return {};
  const std::string_view all = arguments;
  const std::size_t at = all.find(",iface=");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = all.substr(at + 7);
  return rest.substr(0, rest.find(','));
}

tl::expected<DeviceSpec, std::string> parse_device_spec(std::string_view text) {
  DeviceSpec spec;
  spec.text = text;
  const std::size_t end = text.find(';');
  spec.arguments = text.substr(0, end);
  for (std::size_t at = end; at != std::string_view::npos;) {
    const std::size_t next = text.find(';', at + 1);
    const std::string_view item = text.substr(at + 1, next == std::string_view::npos ? next : next - at - 1);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return Error(fmt::format("'{}' in '{}' is not KEY=VALUE", item, text));
    if (auto applied = apply(item.substr(0, equals), item.substr(equals + 1), spec); !applied) {
      return Error(fmt::format("{} (in '{}')", applied.error(), text));
    }
    at = next;
  }
  if (!spec.is_pci() && !spec.device().starts_with("net_")) {
    return Error(
        fmt::format("'{}' is neither a PCI address such as 0000:01:00.0 nor a DPDK device such as "
                    "net_af_xdp,iface=eth1",
                    spec.device()));
  }
  if (spec.device().starts_with("net_af_") && spec.kernel_interface().empty()) {
    return Error(fmt::format("'{}' needs iface=NAME", spec.device()));
  }
  if (!spec.kernel_interface().empty() && (!spec.addresses.empty() || !spec.gateways.empty() || !spec.tap.empty())) {
    return Error(fmt::format("the kernel sees {} itself: set its addresses and routes with `ip`, not in '{}'",
                             spec.kernel_interface(), text));
  }
  return spec;
}

}  // namespace penstock::port

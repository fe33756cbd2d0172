#include "control/config/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace penstock::control {
namespace {

using Result = tl::expected<void, std::string>;

// RFC 8489 section 14.3: USERNAME is less than 509 bytes.
constexpr std::size_t kMaxUserName = 508;
constexpr std::size_t kMaxText = 4096;

template <class T>
constexpr bool kIsList = false;
template <class T>
constexpr bool kIsList<std::vector<T>*> = true;

template <class T>
constexpr bool kIsNumber = std::is_same_v<T, std::uint16_t*> || std::is_same_v<T, std::uint32_t*> ||
                           std::is_same_v<T, std::uint64_t*> || std::is_same_v<T, std::vector<std::uint32_t>*>;

tl::expected<std::string, std::string> plain(std::string_view text) {
  if (text.size() > kMaxText) return tl::unexpected(fmt::format("longer than {} bytes", kMaxText));
  if (text.find('\0') != std::string_view::npos) return tl::unexpected(std::string("contains a zero byte"));
  return std::string(text);
}

tl::expected<turn::RelayAddress, std::string> parse_relay_address(std::string_view text) {
  const auto equals = text.find('=');
  const auto address = net::parse_address(text.substr(0, equals));
  if (!address) return tl::unexpected(address.error());
  if (equals == std::string_view::npos) return turn::RelayAddress{*address, *address};
  const auto advertised = net::parse_address(text.substr(equals + 1));
  if (!advertised) return tl::unexpected(advertised.error());
  if (advertised->family() != address->family()) {
    return tl::unexpected(fmt::format("'{}' maps one address family to the other", text));
  }
  return turn::RelayAddress{*address, *advertised};
}

// The text is not repeated in the error: it holds a password.
tl::expected<turn::StaticUser, std::string> parse_user(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return tl::unexpected(std::string("a user is written NAME:PASSWORD, neither of them empty"));
  }
  if (colon > kMaxUserName) return tl::unexpected(fmt::format("a user name has at most {} bytes", kMaxUserName));
  return plain(text).map(
      [&](const std::string& whole) { return turn::StaticUser{whole.substr(0, colon), whole.substr(colon + 1)}; });
}

// How a value of each type is read from text...
Result read(std::string& out, std::string_view text) {
  return plain(text).map([&](std::string value) { out = std::move(value); });
}
Result read(net::Endpoint& out, std::string_view text) {
  return net::parse_endpoint(text, 0).map([&](const net::Endpoint& e) { out = e; });
}
Result read(net::Address& out, std::string_view text) {
  return net::parse_address(text).map([&](const net::Address& a) { out = a; });
}
Result read(net::Prefix& out, std::string_view text) {
  return net::parse_prefix(text).map([&](const net::Prefix& p) { out = p; });
}
Result read(turn::RelayAddress& out, std::string_view text) {
  return parse_relay_address(text).map([&](const turn::RelayAddress& a) { out = a; });
}
Result read(turn::StaticUser& out, std::string_view text) {
  return parse_user(text).map([&](turn::StaticUser user) { out = std::move(user); });
}
Result read(turn::SharedSecret& out, std::string_view text) {
  if (text.empty()) return tl::unexpected(std::string("a secret may not be empty"));
  return read(out.secret, text);
}
Result read(PortChoice& out, std::string_view text) {
  constexpr std::string_view kDpdk = "dpdk:";
  if (text == "uring") return {};
  if (!text.starts_with(kDpdk)) {
    return tl::unexpected(fmt::format("'{}' is neither uring nor dpdk:DEVICE (dpdk:net_af_xdp,iface=eth1)", text));
  }
  return port::parse_device_spec(text.substr(kDpdk.size())).map([&](port::DeviceSpec spec) {
    out.device = std::move(spec);
  });
}
Result read(std::optional<net::Endpoint>& out, std::string_view text) {
  out.reset();
  if (text.empty()) return {};
  return read(out.emplace(), text);
}
Result read(const Choice& out, std::string_view text) {
  const auto found = std::ranges::find(out.names, text);
  if (found == out.names.end()) {
    return tl::unexpected(fmt::format("'{}' is not one of {}", text, fmt::join(out.names, ", ")));
  }
  *out.value = static_cast<std::uint8_t>(found - out.names.begin());
  return {};
}

// ... and written.
std::string write(bool value) {
  return value ? "true" : "false";
}
template <class T>
  requires std::is_unsigned_v<T>
std::string write(T value) {
  return fmt::format("{}", value);
}
std::string write(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}
// An endpoint with port 0 is an address whose port is said elsewhere.
std::string write(const net::Endpoint& e) {
  return write(e.port == 0 ? net::to_string(e.address) : net::to_string(e));
}
std::string write(const net::Address& a) {
  return write(net::to_string(a));
}
std::string write(const net::Prefix& p) {
  return write(net::to_string(p));
}
std::string write(const turn::RelayAddress& a) {
  const auto bound = net::to_string(a.address);
  return write(a.address == a.advertised ? bound : bound + "=" + net::to_string(a.advertised));
}
std::string write(const turn::StaticUser& user) {
  return write(user.name + ":" + user.password);
}
std::string write(const turn::SharedSecret& secret) {
  return write(secret.secret);
}
std::string write(const PortChoice& choice) {
  return write(choice.device ? "dpdk:" + choice.device->text : std::string("uring"));
}
std::string write(const std::optional<net::Endpoint>& e) {
  return e ? write(*e) : "\"\"";
}
template <class T>
std::string write(const std::vector<T>& list) {
  std::string out = "[";
  for (const T& item : list) {
    if (out.size() > 1) out += ", ";
    out += write(item);
  }
  return out + "]";
}

Result wrong_shape(const Key& key) {
  return tl::unexpected(fmt::format("must be {}", name(shape_of(key))));
}

Result in_range(const Range& range, std::int64_t value) {
  if (value >= 0 && static_cast<std::uint64_t>(value) >= range.min && static_cast<std::uint64_t>(value) <= range.max) {
    return {};
  }
  if (range.max >= INT64_MAX) return tl::unexpected(fmt::format("{} is less than {}", value, range.min));
  return tl::unexpected(fmt::format("{} is not from {} to {}", value, range.min, range.max));
}

}  // namespace

Shape shape_of(const Key& key) {
  return std::visit(
      []<class T>(const T&) {
        if constexpr (std::is_same_v<T, bool*>) return Shape::boolean;
        if constexpr (kIsNumber<T>) return kIsList<T> ? Shape::numbers : Shape::number;
        return kIsList<T> ? Shape::texts : Shape::text;
      },
      key.slot);
}

std::string_view name(Shape shape) {
  static constexpr std::array<std::string_view, 5> kNames = {"true or false", "a whole number", "a string in quotes",
                                                             "a list of whole numbers", "a list of strings"};
  return kNames[static_cast<std::size_t>(shape)];
}

Result assign(Key& key, bool value) {
  if (auto* const* slot = std::get_if<bool*>(&key.slot)) {
    **slot = value;
    return {};
  }
  return wrong_shape(key);
}

Result assign(Key& key, std::int64_t value) {
  return std::visit(
      [&]<class T>(T slot) -> Result {
        if constexpr (kIsNumber<T>) {
          if (auto fits = in_range(key.range, value); !fits) return fits;
          if constexpr (kIsList<T>) {
            slot->push_back(static_cast<std::uint32_t>(value));
          } else {
            *slot = static_cast<std::remove_pointer_t<T>>(value);
          }
          return {};
        } else {
          return wrong_shape(key);
        }
      },
      key.slot);
}

Result assign(Key& key, std::string_view value) {
  return std::visit(
      [&]<class T>(T slot) -> Result {
        if constexpr (std::is_same_v<T, Choice>) {
          return read(slot, value);
        } else if constexpr (kIsNumber<T> || std::is_same_v<T, bool*>) {
          return wrong_shape(key);
        } else if constexpr (kIsList<T>) {
          typename std::remove_pointer_t<T>::value_type item;
          return read(item, value).map([&] { slot->push_back(std::move(item)); });
        } else {
          return read(*slot, value);
        }
      },
      key.slot);
}

Result assign_flag(Key& key, std::string_view text) {
  switch (shape_of(key)) {
    case Shape::boolean:
      if (text != "true" && text != "false") return wrong_shape(key);
      return assign(key, text == "true");
    case Shape::number:
    case Shape::numbers: {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc{} || end != text.data() + text.size()) {
        return tl::unexpected(fmt::format("'{}' is not a whole number", text));
      }
      return assign(key, value);
    }
    default:
      return assign(key, text);
  }
}

void clear(Key& key) {
  std::visit(
      []<class T>(T slot) {
        if constexpr (kIsList<T>) slot->clear();
      },
      key.slot);
}

std::string to_toml(const Key& key) {
  return std::visit(
      []<class T>(const T& slot) {
        if constexpr (std::is_same_v<T, Choice>) {
          return write(std::string(slot.names[*slot.value]));
        } else {
          return write(*slot);
        }
      },
      key.slot);
}

}  // namespace penstock::control

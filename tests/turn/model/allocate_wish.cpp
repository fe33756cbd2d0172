#include "tests/turn/model/allocate_wish.h"

#include <fmt/format.h>

#include <array>

namespace penstock::turn::test {
namespace {

template <class T>
std::string shown(const std::optional<T>& value) {
  return value ? std::to_string(+*value) : "-";
}

}  // namespace

std::string to_string(const AllocateWish& w) {
  return fmt::format("transport {} lifetime {} family {} additional {} even {} {}{}{}", shown(w.transport),
                     shown(w.lifetime_s), shown(w.family), shown(w.additional), shown(w.even_port),
                     w.token ? "token " : "", w.dont_fragment ? "dont-fragment " : "",
                     w.unknown_attribute ? "unknown" : "");
}

void write(stun::MessageBuilder& b, const AllocateWish& w) {
  const auto four = [&](stun::AttributeType type, std::uint8_t first) {
    b.attribute(stun::to_wire(type), std::array<std::uint8_t, 4>{first});
  };
  if (w.transport) b.requested_transport(*w.transport);
  if (w.lifetime_s) b.lifetime(*w.lifetime_s);
  if (w.family) four(stun::AttributeType::requested_address_family, *w.family);
  if (w.additional) four(stun::AttributeType::additional_address_family, *w.additional);
  if (w.even_port) b.even_port(*w.even_port);
  if (w.token) b.reservation_token(*w.token);
  if (w.dont_fragment) b.dont_fragment();
  if (w.unknown_attribute) b.attribute(0x7f00, {});
}

}  // namespace penstock::turn::test

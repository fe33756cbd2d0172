#include "turn/icmp_to_data.h"

#include <array>

#include "dataplane/stun/builder.h"

namespace penstock::turn {
namespace {

// RFC 8656 section 11.5: destination unreachable and time exceeded; for IPv6 packet too big as well.
bool is_passed_on(net::Family family, std::uint8_t type) {
  constexpr std::uint8_t kUnreachable4 = 3, kTimeExceeded4 = 11;
  constexpr std::uint8_t kUnreachable6 = 1, kTooBig6 = 2, kTimeExceeded6 = 3;
  if (family == net::Family::v4) return type == kUnreachable4 || type == kTimeExceeded4;
  return type == kUnreachable6 || type == kTooBig6 || type == kTimeExceeded6;
}

}  // namespace

void icmp_to_data(Core& core, const port::IcmpError& error) {
  const std::uint32_t index = core.allocations.find_local(error.local);
  if (index == kNone || !is_passed_on(error.remote.address.family(), error.type)) return;
  const Allocation& allocation = core.allocations[index];
  if (!allocation.live_at(core.now_ns)) return;
  if (core.permissions.find_live(index, error.remote.address, core.now_ns) == nullptr) return;

  std::array<std::uint8_t, 64> bytes;
  const stun::TransactionId id = core.next_indication_id();
  const auto size = stun::MessageBuilder(bytes, stun::Method::data, stun::Class::indication, id)
                        .xor_peer_address(error.remote)
                        .icmp({error.type, error.code, error.data})
                        .finish();
  if (!size ||
      !core.host.answer({allocation.listener, allocation.client}, allocation.client_path, {bytes.data(), *size})) {
    return;
  }
  core.stats.icmp_indications.add();
}

}  // namespace penstock::turn

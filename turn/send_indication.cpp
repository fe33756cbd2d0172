#include "turn/send_indication.h"

#include <optional>

#include "dataplane/stun/attribute_table.h"
#include "dataplane/stun/attributes.h"
#include "dataplane/stun/protocol.h"

namespace penstock::turn {
namespace {

using stun::AttributeType;

constexpr std::uint16_t kSendIndication = 0x0016;

std::optional<net::Drop> check_header(stun::Bytes datagram) {
  if (datagram.size() < stun::kHeaderBytes || stun::load_be32(&datagram[4]) != stun::kMagicCookie) {
    return net::Drop::malformed_stun;
  }
  const std::uint16_t type = stun::load_be16(datagram.data());
  const std::size_t length = stun::load_be16(&datagram[2]);
  if ((type & 0xc000) != 0 || length % 4 != 0 || length + stun::kHeaderBytes != datagram.size()) {
    return net::Drop::malformed_stun;
  }
  if ((type & 0x0100) != 0) return net::Drop::stray_response;
  if (type != kSendIndication) return net::Drop::bad_indication;
  return std::nullopt;
}

// What an attribute of an indication nobody authenticates means.
enum class Meaning : std::uint8_t { peer, data, dont_fragment, end, ignored, unknown };

Meaning meaning(std::uint16_t type) {
  switch (static_cast<AttributeType>(type)) {
    case AttributeType::xor_peer_address:
      return Meaning::peer;
    case AttributeType::data:
      return Meaning::data;
    case AttributeType::dont_fragment:
      return Meaning::dont_fragment;
    case AttributeType::message_integrity:
    case AttributeType::message_integrity_sha256:
    case AttributeType::fingerprint:
      return Meaning::end;
    default:
      break;
  }
  const bool known = stun::attribute_slot(type) != stun::kNoSlot;
  return known || !stun::comprehension_required(type) ? Meaning::ignored : Meaning::unknown;
}

}  // namespace

tl::expected<SendIndication, net::Drop> parse_send_indication(stun::Bytes datagram) {
  if (const auto drop = check_header(datagram)) return tl::unexpected(*drop);
  std::optional<stun::Bytes> peer;
  std::optional<stun::Bytes> data;
  SendIndication out;
  bool ended = false;
  for (std::size_t at = stun::kHeaderBytes; at < datagram.size();) {
    // The length is a multiple of four, so an attribute's header is always whole.
    const std::uint16_t type = stun::load_be16(&datagram[at]);
    const std::size_t size = stun::load_be16(&datagram[at + 2]);
    at += stun::kAttributeHeaderBytes;
    if (stun::padded(size) > datagram.size() - at) return tl::unexpected(net::Drop::malformed_stun);
    const stun::Bytes value = datagram.subspan(at, size);
    at += stun::padded(size);
    if (ended) continue;
    switch (meaning(type)) {
      case Meaning::peer:
        if (!peer) peer = value;
        break;
      case Meaning::data:
        if (!data) data = value;
        break;
      case Meaning::dont_fragment:
        if (!out.dont_fragment && !value.empty()) return tl::unexpected(net::Drop::bad_indication);
        out.dont_fragment = true;
        break;
      case Meaning::end:
        ended = true;
        break;
      case Meaning::ignored:
        break;
      case Meaning::unknown:
        return tl::unexpected(net::Drop::unknown_attribute);
    }
  }
  if (!peer || !data) return tl::unexpected(net::Drop::bad_indication);
  const auto endpoint = stun::decode_xor_address(*peer, datagram.subspan<8, 12>());
  if (!endpoint) return tl::unexpected(net::Drop::bad_indication);
  out.peer = *endpoint;
  out.data = *data;
  return out;
}

}  // namespace penstock::turn

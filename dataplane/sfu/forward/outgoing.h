#pragma once
// A packet as one subscription's receiver gets it: what differs from the packet in the media store.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/sfu/forward/verdict.h"
#include "dataplane/sfu/stored_packet.h"

namespace penstock::sfu {

struct Outgoing {
  std::uint64_t sequence = 0;  ///< the low 16 bits go into the header; all of it is the SRTP packet index
  std::uint32_t timestamp = 0;
  bool marker = false;
  std::uint8_t prefix_size = 0;
  std::array<std::uint8_t, 6> prefix{};  ///< goes before the payload of the stored packet
  std::uint16_t picture_id = 0;          ///< as patched into the prefix, if it has one; likewise the next
  std::uint8_t tl0_index = 0;
};
static_assert(sizeof(Outgoing) == 24);

struct Decision {
  Verdict verdict = Verdict::forward;
  /// The first packet of another encoding, or after a pause: packets behind it may have overtaken it (overtaken.h).
  bool switched = false;
  Outgoing outgoing;  ///< of verdict `forward`

  explicit operator bool() const { return verdict == Verdict::forward; }
};

/// The stored packet's descriptor with this picture id and TL0PICIDX in the places where it has one (RFC 7741 section
/// 4.2; the store has made room for 15 bits of picture id).
inline void patch_prefix(Outgoing& out, const StoredPacket& packet) {
  out.prefix_size = packet.prefix_size;
  out.prefix = packet.prefix;
  std::size_t at = 2;
  if (packet.layer.has_picture_id) {
    out.prefix[at] = static_cast<std::uint8_t>(0x80 | out.picture_id >> 8);
    out.prefix[at + 1] = static_cast<std::uint8_t>(out.picture_id);
    at += 2;
  }
  if (packet.layer.has_tl0_index) out.prefix[at] = out.tl0_index;
}

}  // namespace penstock::sfu

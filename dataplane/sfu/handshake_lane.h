#pragma once
// DTLS datagrams between a worker and the handshake thread, by value: no packet of a worker's pools leaves its thread.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/mailbox.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// The largest DTLS datagram that is carried. Larger ones are dropped and counted: a client's flight fits an MTU.
inline constexpr std::size_t kMostHandshakeBytes = 1508;

/// To the handshake thread: a datagram that arrived over a checked pair; size 0: the endpoint's first pair is checked,
/// and an active handshake may begin. To the worker: a datagram for the endpoint's selected pair.
struct HandshakeDatagram {
  EndpointSlot endpoint = kNoSlot;
  std::uint32_t generation = 0;  ///< of the slot; who sees another drops it
  std::uint32_t size = 0;
  std::array<std::uint8_t, kMostHandshakeBytes> bytes;

  std::span<const std::uint8_t> span() const { return {bytes.data(), size}; }
};

/// One worker's two lanes. The worker is one end of both, one handshake thread the other.
struct HandshakeLanes {
  net::Mailbox<HandshakeDatagram> to_handshake;
  net::Mailbox<HandshakeDatagram> to_worker;
  /// Wakes the handshake thread; called by the worker at most once per pass, and only after it has sent something.
  /// An eventfd; -1: nobody sleeps.
  int wake_descriptor = -1;

  static constexpr unsigned kCapacity = 256;
};

}  // namespace penstock::sfu

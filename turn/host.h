#pragma once
// What the TURN protocol code asks of whoever runs it: sockets for relayed ports, other workers, a way to answer.
// TurnService implements it on a shard; tests may fake it.

#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "dataplane/engine/message.h"
#include "dataplane/net/address.h"
#include "dataplane/port/port.h"
#include "turn/records.h"

namespace penstock::turn {

/// A client as seen from this worker: RFC 8656's five-tuple, less the protocol, which is UDP.
struct FiveTuple {
  net::LocalId local = net::kNoLocal;
  net::Endpoint remote;
};

class Host {
 public:
  virtual ~Host() = default;

  // Relayed ports; as the members of port::Port of the same names.
  virtual tl::expected<net::LocalId, port::BindError> bind(const net::Endpoint& relayed) = 0;
  virtual void unbind(net::LocalId local) = 0;
  /// What arrives at `local` from now on is dropped; the port stays bound.
  virtual void silence(net::LocalId local) = 0;
  virtual tl::expected<port::DetachedLocal, port::BindError> reserve(const net::Endpoint& relayed) = 0;
  virtual tl::expected<net::LocalId, port::BindError> attach(const port::DetachedLocal& detached) = 0;
  virtual void discard(const port::DetachedLocal& detached) = 0;
  virtual net::PathId resolve(net::LocalId local, const net::Endpoint& remote) = 0;
  virtual const net::Endpoint& local_endpoint(net::LocalId local) const = 0;

  /// To another worker's TURN service. False when its mailbox is full: keep the message and try again.
  virtual bool post(std::uint16_t worker, const engine::Message& message) = 0;

  /// Gives the record of an ended allocation to control. False when there is no room: keep it and try again.
  virtual bool record(const EndedRecord& ended) = 0;

  /// Sends what the protocol code made itself, back to the client. False when there is no packet for it.
  virtual bool answer(const FiveTuple& client, net::PathId path, std::span<const std::uint8_t> message) = 0;
};

}  // namespace penstock::turn

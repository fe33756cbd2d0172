#pragma once
// The way to the handshake threads, as the model sees it: the part of dtls::Handshakes that it needs.

#include "control/dtls/peer.h"

namespace penstock::control::rooms {

/// What comes of an association goes to Rooms::on_report.
class Handshaker {
 public:
  virtual ~Handshaker() = default;

  /// Expects an association; again for the same endpoint: a new one in place of the old. Called before the worker hears
  /// of the endpoint.
  virtual void add(dtls::Peer peer) = 0;
  virtual void remove(const dtls::EndpointRef& endpoint) = 0;
  /// A secured endpoint is another worker's from now on.
  virtual void move(const dtls::EndpointRef& from, const dtls::EndpointRef& to) = 0;
  /// Media or RTCP came under the keys of the endpoint's latest association: its handshake is wholly over.
  virtual void settle(const dtls::EndpointRef& endpoint) = 0;
  /// Of our certificate, for the remote side.
  virtual const dtls::Fingerprint& fingerprint() const = 0;
};

}  // namespace penstock::control::rooms

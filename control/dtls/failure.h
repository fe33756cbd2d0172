#pragma once
// Why an OpenSSL call on a session did not succeed.

#include <string>

#include "control/dtls/peer.h"

namespace penstock::control::dtls {

struct Failure {
  Result result = Result::protocol_error;  ///< alert: the peer's word, close_notify included
  std::string detail;
};

/// An alert by its number (RFC 5246 section 7.2), for people.
std::string describe_alert(int description);

/// `error` is what SSL_get_error() said, and not WANT_READ. Empties OpenSSL's queue of errors of this thread.
Failure take_failure(int error);

}  // namespace penstock::control::dtls

#pragma once
// What control and the handshake threads tell each other: whom to expect, and what came of it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/dtls/fingerprint.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/srtp/master_key.h"

namespace penstock::control::dtls {

/// An endpoint as workers know it. The generation tells users of a slot apart.
struct EndpointRef {
  std::uint16_t worker = 0;
  sfu::EndpointSlot slot = sfu::kNoSlot;
  std::uint32_t generation = 0;

  friend bool operator==(const EndpointRef&, const EndpointRef&) = default;
};

/// Our side of the handshake (RFC 5763 section 5; SDP's a=setup).
enum class Role : std::uint8_t {
  passive,  ///< DTLS server: waits for the peer's ClientHello, and chooses the SRTP profile
  active,   ///< DTLS client: begins when the worker reports the first checked pair
};
inline constexpr std::array<std::string_view, 2> kRoleNames = {"passive", "active"};

/// The other side of an association that is to come.
struct Peer {
  EndpointRef endpoint;
  Role role = Role::passive;              ///< ours
  std::vector<Fingerprint> fingerprints;  ///< its certificate must match one of them
  std::uint64_t association = 0;          ///< control's number for it, no other's: comes back in its reports
};

/// What came of an association. `secured` may be followed by `closed`; everything else is the end of it.
enum class Result : std::uint8_t {
  secured,               ///< keys are agreed on
  closed,                ///< after secured: the peer said goodbye (close_notify) or died (fatal alert)
  fingerprint_mismatch,  ///< its certificate is not the one signaling vouched for
  no_certificate,        ///< it showed none
  no_common_profile,     ///< no use_srtp extension, or no profile in it that we speak
  no_common_cipher,      ///< cipher suite, protocol version, curve or signature algorithm
  alert,                 ///< the peer ended the handshake
  protocol_error,        ///< it broke the protocol
  timeout,               ///< begun, but not done in Options::handshake_timeout
  limit,                 ///< Options::most_endpoints; nothing was begun
  count_
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Result::count_)> kResultNames = {
    "secured",          "closed", "fingerprint_mismatch", "no_certificate", "no_common_profile",
    "no_common_cipher", "alert",  "protocol_error",       "timeout",        "limit"};

/// Told once per result, on a handshake thread.
struct Report {
  EndpointRef endpoint;
  std::uint64_t association = 0;  ///< Peer's: an endpoint may have another one by the time this is read
  Result result = Result::secured;
  std::string detail;       ///< for people: the alert, OpenSSL's reason, the fingerprint that came instead
  srtp::MasterKey receive;  ///< secured: what the peer protects with. Secrets: wipe after use
  srtp::MasterKey send;     ///< secured: what we protect with
};

}  // namespace penstock::control::dtls

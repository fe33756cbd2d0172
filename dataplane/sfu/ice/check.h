#pragma once
// A connectivity check as the lite side sees it (RFC 8445 sections 2.5 and 7.3): read, verified, answered. Sans-IO.

#include <array>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/sfu/parameters.h"
#include "dataplane/stun/hash.h"
#include "dataplane/stun/message.h"

namespace penstock::sfu {

enum class CheckError : std::uint8_t {
  malformed,         ///< no STUN message, or its FINGERPRINT does not match
  not_a_check,       ///< a response, an indication or another method
  foreign_fragment,  ///< USERNAME is absent or does not begin with a fragment of our form
};

/// Points into the datagram it was read from.
struct Check {
  stun::MessageView message;
  std::array<char, IceCredentials::kFragmentSize> fragment;  ///< ours: the part of USERNAME before the colon
  std::uint32_t priority = 0;
  bool use_candidate = false;
  bool controlled = false;  ///< the client claims the role that a lite agent always has
};

/// Nothing is authentic yet: look up the fragment, then verify with its password.
tl::expected<Check, CheckError> read_check(std::span<const std::uint8_t> datagram);

/// MESSAGE-INTEGRITY under the password's key; a check without one is not authentic.
bool authentic(const Check& check, const stun::HmacSha1& password);

/// The answer to an authentic check: success with XOR-MAPPED-ADDRESS; 487 to a client that claims to be controlled;
/// 420 when it carries what we do not understand. Returns its size, 0 when `out` is too small.
std::size_t answer_check(const Check& check, const net::Endpoint& remote, const stun::HmacSha1& password,
                         std::span<std::uint8_t> out);

}  // namespace penstock::sfu

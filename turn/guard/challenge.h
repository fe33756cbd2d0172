#pragma once
// Error answers to clients that have not proved who they are: 400, 401, 438, and never larger than they may be.
//
// A spoofed request must not turn this server into an amplifier, so an answer has at most 2.5 times the bytes of the
// request. The smallest request that a client in use sends is Chromium's first Allocate: header and
// REQUESTED-TRANSPORT, 28 bytes, which leaves 70. In bytes, with a realm of R bytes padded to a multiple of four:
//
//                          complete   without reason   bare
//   header                       20               20     20
//   ERROR-CODE                   24                8      8   "Unauthenticated" is 15 bytes, padded 16
//   REALM                       4+R              4+R    4+R
//   NONCE                        28               28     16   24 characters, or 12
//   PASSWORD-ALGORITHMS          12               12      -   SHA-256 and MD5
//   sum                        88+R             72+R   48+R
//   for realm "penstock"         96               80     56
//   from a request of            40               32     24   rounded up to a multiple of four
//
// So the ladder is: everything; without the reason phrase, which only people read; and bare, with a nonce that
// announces nothing and thus no PASSWORD-ALGORITHMS, which go together (RFC 8489 section 9.2.4). A client that speaks
// RFC 8489 and sends 28 bytes is then served as an RFC 5389 client, with MD5 and SHA-1, until its first 438, which
// answers a request of more than 100 bytes and so offers everything; one that wants SHA-256 at once sends SOFTWARE or
// FINGERPRINT along, as most do. Someone on the path can cut attributes from a first request and so force the bare
// form on it. That costs the client MD5 in place of SHA-256, and both can be searched equally well for a weak password;
// from the first announcing nonce on, section 9.2's protection against bidding down is in force.
//
// Bare fits 2.5 times 28 bytes up to a realm of 20 bytes. For a longer realm, and there alone, the bare form is
// measured as the network sees it, IP and UDP headers included: 56 bytes allow 140, so a realm may have 64 bytes.
// Longer ones are refused at start, and above 20 control should warn. What is still too large is not sent at all: a
// request of fewer than 28 bytes without credentials, say a naked Allocate without REQUESTED-TRANSPORT, comes from no
// client.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/net/address.h"
#include "dataplane/stun/message.h"
#include "dataplane/stun/protocol.h"
#include "turn/guard/nonce.h"

namespace penstock::turn {

/// Realms up to here keep every answer within 2.5 times the request's payload.
inline constexpr std::size_t kLongestFrugalRealm = 20;
/// Credentials::compile refuses longer ones.
inline constexpr std::size_t kLongestRealm = 64;

/// No error answer of this file is longer.
inline constexpr std::size_t kLongestChallenge = 88 + kLongestRealm;

/// What we offer, best first, and what a client must echo (RFC 8489 section 9.2.4).
std::span<const stun::PasswordAlgorithm> offered_algorithms();
/// The same as the value of PASSWORD-ALGORITHMS.
stun::Bytes offered_algorithms_value();

/// Writes a 401 or 438 with realm and a new nonce. Returns its length, or 0 if no form of it is small enough, or `out`
/// is too small.
std::size_t write_challenge(std::span<std::uint8_t> out, const stun::MessageView& request, stun::Error code,
                            std::string_view realm, NonceSource& nonces, const net::Endpoint& client,
                            std::uint64_t now_ns);

/// Writes a 400 (without realm or nonce, RFC 8489 section 9.2.4), with its reason phrase if there is room for it.
std::size_t write_bad_request(std::span<std::uint8_t> out, const stun::MessageView& request);

}  // namespace penstock::turn

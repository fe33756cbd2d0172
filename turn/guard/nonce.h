#pragma once
// Nonces without state: a nonce proves by itself that this server sent it, to whom, and when (DESIGN decision 13).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/net/address.h"
#include "dataplane/stun/hash.h"
#include "dataplane/stun/nonce_cookie.h"

namespace penstock::turn {

/// Random, one per process, the same on every worker.
using NonceSecret = std::array<std::uint8_t, 32>;

enum class NonceVerdict : std::uint8_t {
  fresh,
  stale,   ///< ours, sent to this client, too old
  forged,  ///< not ours, sent to another address, or so old that its key is gone
};

/// A nonce is base64 of nine bytes: one for the time, eight of HMAC-SHA256 over client address and port, time and form.
/// The form is `bare`, these 12 characters; or `announcing`: 11 of them, behind the 13 characters that tell an RFC 8489
/// client what the server can do (section 9.2). Why every byte counts is in challenge.h.
///
/// Keys follow from the secret and the epoch, which lasts as long as a nonce, so workers agree on them without talking
/// and a reload changes nothing. Two are live: a nonce of the current epoch is fresh, one of the epoch before is fresh
/// or stale by age, an older one cannot be told from a forged one. The time is counted in 128ths of an epoch; eight
/// bits say which of the last 256 it was.
///
/// 58 bits of MAC at least, because a nonce can only be guessed by asking this server, and a right guess still needs
/// the password: at a million tries a second one succeeds after 4,500 years on average.
class NonceSource {
 public:
  enum class Form : std::uint8_t { bare, announcing };

  NonceSource(const NonceSecret& secret, std::uint32_t lifetime_s, stun::SecurityFeatures features);

  static constexpr std::size_t kBareBytes = 12;
  static constexpr std::size_t kAnnouncingBytes = stun::kNoncePrefixBytes + kBareBytes - 1;
  /// The nonce's characters; never more than kAnnouncingBytes of them.
  struct Text {
    std::array<char, kAnnouncingBytes> characters{};
    std::uint8_t size = 0;
    std::string_view view() const { return {characters.data(), size}; }
  };

  /// `now_ns`: the monotonic clock that all workers share.
  Text issue(const net::Endpoint& client, std::uint64_t now_ns, Form form);
  NonceVerdict verify(std::string_view nonce, const net::Endpoint& client, std::uint64_t now_ns);

 private:
  struct Instant {
    std::uint64_t epoch;
    std::uint8_t tick;  ///< 0 to 127
  };

  Instant instant(std::uint64_t now_ns) const;
  void rotate(std::uint64_t epoch);
  stun::HmacSha256 derive_key(std::uint64_t epoch) const;
  /// With the key that the top bit of `time`, the parity of its epoch, selects.
  Text write(const net::Endpoint& client, std::uint8_t time, Form form) const;

  stun::HmacSha256 secret_;
  std::array<char, stun::kNoncePrefixBytes> prefix_;
  std::uint64_t lifetime_ns_;
  std::uint64_t epoch_ = UINT64_MAX - 1;  ///< whose key is keys_[epoch & 1]; the one before has the other
  std::array<stun::HmacSha256, 2> keys_{};
};

}  // namespace penstock::turn

#pragma once
// A million clients of which only the nonce has to be remembered: who they are follows from their number.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/stun/hash.h"
#include "dataplane/stun/message.h"
#include "dataplane/stun/protocol.h"

namespace penstock::load {

/// What a client asks, one request each. `challenge` is an Allocate without credentials, whose answer has the nonce.
enum class Ask : std::uint8_t { challenge, allocate, permit, refresh };

/// Writes the clients' requests and reads the answers. Four clients share an address, as those of one browser do, and
/// `clients_per_user` a name; ephemeral credentials (HMAC-SHA1, a day to live) for everybody.
class Crowd {
 public:
  static constexpr unsigned kClientsPerAddress = 4;
  static constexpr std::size_t kLongestRequest = 256;

  Crowd(std::uint32_t clients, std::uint32_t clients_per_user, std::string realm, const std::string& secret);

  std::uint32_t size() const { return static_cast<std::uint32_t>(nonces_.size()); }
  net::Endpoint endpoint(std::uint32_t client) const;
  /// Writes what `client` asks; returns its size.
  std::size_t write(std::uint32_t client, Ask ask, std::span<std::uint8_t> out) const;
  /// An answer to `client`: remembers a nonce. The error is a sentence that says what was answered instead.
  tl::expected<void, std::string> read(std::uint32_t client, Ask ask, std::span<const std::uint8_t> answer);
  /// The client that has that endpoint.
  std::uint32_t client_at(const net::Endpoint& endpoint) const;

 private:
  struct Nonce {
    std::uint8_t size = 0;
    std::array<char, 31> text{};
  };

  std::uint32_t clients_per_user_;
  std::string realm_;
  stun::HmacSha1 secret_;
  std::uint64_t expires_unix_s_;
  std::vector<Nonce> nonces_;
};

}  // namespace penstock::load

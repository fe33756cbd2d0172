#pragma once
// One client's dialogue with a TURN server (RFC 8656), sans IO: requests out, answers in.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/net/address.h"
#include "dataplane/stun/hash.h"
#include "dataplane/stun/message.h"

namespace penstock::load {

/// Long-term credentials (RFC 8489 section 9.2) as all of a run's clients share them; the key is derived once per
/// realm.
class Credentials {
 public:
  Credentials(std::string user, std::string password) : user_(std::move(user)), password_(std::move(password)) {}

  void set_realm(std::string_view realm);
  const std::string& user() const { return user_; }
  const std::string& realm() const { return realm_; }
  const stun::HmacSha1& key() const { return key_; }

 private:
  std::string user_;
  std::string password_;
  std::string realm_;
  stun::HmacSha1 key_;
};

enum class Request : std::uint8_t { allocate, permission, channel, refresh, remove };

class TurnClient {
 public:
  enum class Answer : std::uint8_t {
    success,
    challenge,  ///< a nonce to use (401, 438): write the request again
    refused,    ///< see last_error()
  };

  /// `credentials` must outlive the client. `channel` and `peer` are what it binds and permits.
  TurnClient(Credentials& credentials, std::uint16_t channel, const net::Endpoint& peer)
      : credentials_(&credentials), channel_(channel), peer_(peer) {}

  /// Writes the request; the same arguments give the same bytes until an answer was read, as a retransmission must
  /// (RFC 8489 section 6.2.1). Bytes used of `out`, 0 if they did not suffice.
  std::size_t write(Request request, const stun::TransactionId& id, std::span<std::uint8_t> out) const;
  /// Takes the answer to `request`, whose transaction id was already compared.
  Answer read(Request request, const stun::MessageView& message);
  /// Back to a client the server has never heard of.
  void forget_nonce() { nonce_.clear(); }

  const std::optional<net::Endpoint>& relayed() const { return relayed_; }
  const net::Endpoint& peer() const { return peer_; }
  std::uint16_t channel() const { return channel_; }
  /// Error code of the last refusal, 0 if the answer itself was unusable.
  std::uint16_t last_error() const { return last_error_; }

 private:
  Credentials* credentials_;
  std::uint16_t channel_;
  net::Endpoint peer_;
  std::optional<net::Endpoint> relayed_;
  std::string nonce_;
  std::uint16_t last_error_ = 0;
};

}  // namespace penstock::load

#pragma once
// Requests as clients build them, for the tests of this folder.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/stun/builder.h"
#include "dataplane/stun/long_term_key.h"
#include "dataplane/stun/message.h"

namespace penstock::turn::test {

inline constexpr stun::TransactionId kTransaction{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/// A message with its bytes.
class Request {
 public:
  using Fill = std::function<void(stun::MessageBuilder&)>;

  explicit Request(const Fill& fill, stun::Method method = stun::Method::allocate) : bytes_(2000) {
    stun::MessageBuilder builder(bytes_, method, stun::Class::request, kTransaction);
    fill(builder);
    bytes_.resize(builder.finish().value());
  }
  /// To damage; parse with view() afterwards.
  std::vector<std::uint8_t>& bytes() { return bytes_; }
  stun::MessageView view() const { return stun::MessageView::parse(bytes_).value(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Everything a client may vary when it authenticates.
struct Credential {
  std::string user = "ada";
  std::string password = "correct horse";
  std::string realm = "penstock";
  std::string key_realm = "";  ///< if not the same
  std::string nonce = "n";
  stun::PasswordAlgorithm key_algorithm = stun::PasswordAlgorithm::md5;
  std::vector<stun::PasswordAlgorithm> echoed{};     ///< PASSWORD-ALGORITHMS
  std::vector<stun::PasswordAlgorithm> algorithm{};  ///< PASSWORD-ALGORITHM, once for each
  bool userhash = false;
  bool sha1 = true;
  bool sha256 = false;
};

inline Request authenticated(const Credential& c) {
  return Request([&](stun::MessageBuilder& b) {
    b.requested_transport(stun::kTransportUdp);
    if (c.userhash) {
      b.userhash(stun::userhash(c.user, c.realm));
    } else {
      b.username(c.user);
    }
    b.realm(c.realm).nonce(c.nonce);
    if (!c.echoed.empty()) b.password_algorithms(c.echoed);
    for (const auto algorithm : c.algorithm) b.password_algorithm(algorithm);
    const auto key =
        stun::long_term_key(c.key_algorithm, c.user, c.key_realm.empty() ? c.realm : c.key_realm, c.password);
    if (c.sha1) b.message_integrity(stun::HmacSha1(key.bytes()));
    if (c.sha256) b.message_integrity_sha256(stun::HmacSha256(key.bytes()));
  });
}

inline Request bare_allocate() {
  return Request([](stun::MessageBuilder& b) { b.requested_transport(stun::kTransportUdp); });
}

}  // namespace penstock::turn::test

#include "dataplane/stun/long_term_key.h"

#include <algorithm>

namespace penstock::stun {

LongTermKey long_term_key(PasswordAlgorithm algorithm, std::string_view user, std::string_view realm,
                          std::string_view password) {
  const Bytes colon = bytes_of(":");
  const auto keep = [](const auto& digest) {
    LongTermKey key;
    std::ranges::copy(digest, key.storage.begin());
    key.size = static_cast<std::uint8_t>(digest.size());
    return key;
  };
  switch (algorithm) {
    case PasswordAlgorithm::md5:
      return keep(md5({bytes_of(user), colon, bytes_of(realm), colon, bytes_of(password)}));
    case PasswordAlgorithm::sha256:
      return keep(sha256({bytes_of(user), colon, bytes_of(realm), colon, bytes_of(password)}));
  }
  return {};
}

Sha256Digest userhash(std::string_view user, std::string_view realm) {
  return sha256({bytes_of(user), bytes_of(":"), bytes_of(realm)});
}

}  // namespace penstock::stun

#include "turn/shared_state.h"

#include "dataplane/stun/bytes.h"

namespace penstock::turn {

SharedState::SharedState(const FixedSettings& fixed, std::optional<std::uint64_t> seed_)
    : directory(fixed), seed(seed_) {
  Random source = seed ? Random::repeatable(*seed) : Random();
  for (std::size_t at = 0; at < nonce_secret.size(); at += sizeof(std::uint64_t)) {
    stun::store_be64(&nonce_secret[at], source.next());
  }
}

Random SharedState::random(std::uint16_t worker) const {
  return seed ? Random::repeatable(*seed + 1 + worker) : Random();
}

}  // namespace penstock::turn

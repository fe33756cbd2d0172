#include "turn/shared_state.h"

#include "dataplane/stun/bytes.h"
#include "turn/random.h"

namespace penstock::turn {

SharedState::SharedState(const FixedSettings& fixed) : directory(fixed) {
  Random random;
  for (std::size_t at = 0; at < nonce_secret.size(); at += sizeof(std::uint64_t)) {
    stun::store_be64(&nonce_secret[at], random.next());
  }
}

}  // namespace penstock::turn

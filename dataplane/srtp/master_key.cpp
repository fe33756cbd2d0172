#include "dataplane/srtp/master_key.h"

#include <string.h>  // explicit_bzero

#include <algorithm>

namespace penstock::srtp {

std::optional<MasterKeys> cut_exporter(Profile profile, std::span<const std::uint8_t> exported) {
  if (exported.size() != exporter_bytes(profile)) return std::nullopt;
  const auto cut = [&exported](std::size_t size, std::uint8_t* to) {
    std::ranges::copy(exported.first(size), to);
    exported = exported.subspan(size);
  };
  MasterKeys keys;
  keys.client.profile = keys.server.profile = profile;
  cut(key_bytes(profile), keys.client.key.data());
  cut(key_bytes(profile), keys.server.key.data());
  cut(salt_bytes(profile), keys.client.salt.data());
  cut(salt_bytes(profile), keys.server.salt.data());
  return keys;
}

void wipe(std::span<std::uint8_t> secret) {
  if (!secret.empty()) explicit_bzero(secret.data(), secret.size());
}

void wipe(MasterKey& key) {
  wipe(key.key);
  wipe(key.salt);
}

}  // namespace penstock::srtp

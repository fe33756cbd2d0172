#include "turn/guard/nonce.h"

#include <algorithm>
#include <optional>
#include <span>

#include "turn/guard/base64.h"

namespace penstock::turn {
namespace {

constexpr std::uint64_t kTicksPerEpoch = 128;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
static_assert(kNsPerSecond % kTicksPerEpoch == 0, "ticks divide every lifetime evenly");

std::optional<std::uint8_t> base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint8_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint8_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0' + 52);
  if (c == '+') return std::uint8_t{62};
  if (c == '/') return std::uint8_t{63};
  return std::nullopt;
}

/// The first byte, without which the rest cannot be checked. The rest is compared as text.
std::optional<std::uint8_t> first_byte(std::string_view text) {
  const auto high = base64_value(text[0]);
  const auto low = base64_value(text[1]);
  if (!high || !low) return std::nullopt;
  return static_cast<std::uint8_t>(*high << 2 | *low >> 4);
}

}  // namespace

NonceSource::NonceSource(const NonceSecret& secret, std::uint32_t lifetime_s, stun::SecurityFeatures features)
    : secret_(stun::Bytes(secret)),
      prefix_(stun::nonce_prefix(features)),
      lifetime_ns_(std::max<std::uint64_t>(lifetime_s, 1) * kNsPerSecond) {}

NonceSource::Instant NonceSource::instant(std::uint64_t now_ns) const {
  return {now_ns / lifetime_ns_, static_cast<std::uint8_t>(now_ns % lifetime_ns_ / (lifetime_ns_ / kTicksPerEpoch))};
}

stun::HmacSha256 NonceSource::derive_key(std::uint64_t epoch) const {
  std::array<std::uint8_t, 16> input;
  stun::store_be64(&input[0], epoch);
  stun::store_be64(&input[8], lifetime_ns_);
  return stun::HmacSha256(secret_.mac(stun::Bytes(input)));
}

void NonceSource::rotate(std::uint64_t epoch) {
  if (epoch == epoch_) return;
  keys_[epoch & 1] = derive_key(epoch);
  // Usually this is the key of the epoch that just ended, already there; after a pause it is not.
  if (epoch != epoch_ + 1) keys_[(epoch - 1) & 1] = derive_key(epoch - 1);
  epoch_ = epoch;
}

NonceSource::Text NonceSource::write(const net::Endpoint& client, std::uint8_t time, Form form) const {
  std::array<std::uint8_t, 20> input;
  std::ranges::copy(client.address.bytes, input.begin());
  stun::store_be16(&input[16], client.port);
  input[18] = time;
  input[19] = static_cast<std::uint8_t>(form);
  const bool announcing = form == Form::announcing;
  const stun::HmacSha256& key = keys_[time >> 7];
  const stun::Sha256Digest mac =
      announcing ? key.mac({stun::Bytes(input), stun::bytes_of({prefix_.data(), prefix_.size()})}) : key.mac(input);

  std::array<std::uint8_t, 9> body;
  body[0] = time;
  std::copy_n(mac.begin(), 8, body.begin() + 1);
  std::array<char, kBareBytes> encoded;
  base64(body, encoded);

  Text text;
  text.size = static_cast<std::uint8_t>(announcing ? kAnnouncingBytes : kBareBytes);
  char* to = text.characters.data();
  if (announcing) to = std::ranges::copy(prefix_, to).out;
  std::copy(encoded.begin(), encoded.end() - (announcing ? 1 : 0), to);
  return text;
}

NonceSource::Text NonceSource::issue(const net::Endpoint& client, std::uint64_t now_ns, Form form) {
  const Instant now = instant(now_ns);
  rotate(now.epoch);
  return write(client, static_cast<std::uint8_t>((now.epoch & 1) << 7 | now.tick), form);
}

NonceVerdict NonceSource::verify(std::string_view nonce, const net::Endpoint& client, std::uint64_t now_ns) {
  const bool announcing = nonce.size() == kAnnouncingBytes;
  if (!announcing && nonce.size() != kBareBytes) return NonceVerdict::forged;
  const auto time = first_byte(nonce.substr(announcing ? stun::kNoncePrefixBytes : 0));
  if (!time) return NonceVerdict::forged;

  const Instant now = instant(now_ns);
  rotate(now.epoch);
  const Text genuine = write(client, *time, announcing ? Form::announcing : Form::bare);
  if (!stun::equal_in_constant_time(stun::bytes_of(genuine.view()), stun::bytes_of(nonce))) {
    return NonceVerdict::forged;
  }
  // Of this epoch: it cannot be older than a lifetime. A tick ahead of ours is another worker's clock.
  if (*time >> 7 == (now.epoch & 1)) return NonceVerdict::fresh;
  const std::uint64_t age_ticks = kTicksPerEpoch + now.tick - (*time & 0x7f);
  return age_ticks < kTicksPerEpoch ? NonceVerdict::fresh : NonceVerdict::stale;
}

}  // namespace penstock::turn

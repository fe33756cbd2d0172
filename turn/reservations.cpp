#include "turn/reservations.h"

#include "dataplane/stun/bytes.h"

namespace penstock::turn {
namespace {

constexpr std::uint64_t kSecretMask = (std::uint64_t{1} << 40) - 1;

// worker (8 bits), slot (16 bits), secret (40 bits)
std::uint64_t number(const stun::ReservationToken& token) {
  return stun::load_be64(token.data());
}

}  // namespace

std::uint16_t worker_of(const stun::ReservationToken& token) {
  return token[0];
}

stun::ReservationToken Reservations::add(const Charged& charged, std::uint64_t now_ns, Random& random) {
  const std::uint32_t index = pool_.take();
  Reservation& reservation = pool_[index];
  reservation = {charged, now_ns + kReservationLifetimeNs, (random.next() & kSecretMask) | 1, newest_, kNone};
  (newest_ == kNone ? oldest_ : pool_[newest_].next) = index;
  newest_ = index;
  stun::ReservationToken token;
  stun::store_be64(token.data(), std::uint64_t{worker_} << 56 | std::uint64_t{index} << 40 | reservation.secret);
  return token;
}

// The slot, or kNone.
std::uint32_t Reservations::find(const stun::ReservationToken& token, std::uint64_t now_ns) const {
  const auto index = static_cast<std::uint32_t>(number(token) >> 40 & 0xffff);
  if (worker_of(token) != worker_ || index >= pool_.ever_taken()) return kNone;
  const Reservation& reservation = pool_[index];
  const bool taken = reservation.secret != 0;  // a token may name a free slot, and claim its secret to be 0
  if (!taken || reservation.secret != (number(token) & kSecretMask)) return kNone;
  return now_ns < reservation.expires_ns ? index : kNone;
}

std::optional<UserId> Reservations::user_of(const stun::ReservationToken& token, std::uint64_t now_ns) const {
  const std::uint32_t index = find(token, now_ns);
  return index == kNone ? std::nullopt : std::optional(pool_[index].charged.user);
}

std::optional<Reservations::Charged> Reservations::claim(const stun::ReservationToken& token, std::uint64_t now_ns) {
  const std::uint32_t index = find(token, now_ns);
  return index == kNone ? std::nullopt : std::optional(take_out(index));
}

std::optional<Reservations::Charged> Reservations::take_expired(std::uint64_t now_ns) {
  if (oldest_ == kNone || now_ns < pool_[oldest_].expires_ns) return std::nullopt;
  return take_out(oldest_);
}

Reservations::Charged Reservations::take_out(std::uint32_t index) {
  Reservation& reservation = pool_[index];
  (reservation.previous == kNone ? oldest_ : pool_[reservation.previous].next) = reservation.next;
  (reservation.next == kNone ? newest_ : pool_[reservation.next].previous) = reservation.previous;
  reservation.secret = 0;
  pool_.give(index);
  return reservation.charged;
}

}  // namespace penstock::turn

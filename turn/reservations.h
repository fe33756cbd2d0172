#pragma once
// Relayed ports held for EVEN-PORT with the R bit until somebody shows the token (RFC 8656 sections 7.2 and 18.7).

#include <cstdint>
#include <optional>

#include "dataplane/stun/attributes.h"
#include "turn/guard/user_id.h"
#include "turn/pool.h"
#include "turn/random.h"
#include "turn/relay_ports.h"

namespace penstock::turn {

/// RFC 8656 section 7.2 asks for at least 30 seconds.
inline constexpr std::uint64_t kReservationLifetimeNs = 30'000'000'000;

/// A token says which worker holds the reservation and where, and carries 40 random bits against guessing: thirty
/// seconds of guesses by an authenticated client do not find one.
std::uint16_t worker_of(const stun::ReservationToken& token);

class Reservations {
 public:
  Reservations(std::uint32_t capacity, std::uint16_t worker) : pool_(capacity), worker_(worker) {}

  bool full() const { return pool_.full(); }
  std::uint32_t size() const { return pool_.size(); }

  /// A port, and who has been charged for it.
  struct Charged {
    ReservedPort port;
    UserId user;
  };
  /// Keeps the port for the lifetime above; it counts as an allocation of the user's. Not to be called when full.
  stun::ReservationToken add(const Charged& charged, std::uint64_t now_ns, Random& random);
  /// Who has been charged for the port that a token stands for; nothing when the token is unknown or expired.
  std::optional<UserId> user_of(const stun::ReservationToken& token, std::uint64_t now_ns) const;
  /// Takes the port out; nothing when the token is unknown or expired.
  std::optional<Charged> claim(const stun::ReservationToken& token, std::uint64_t now_ns);
  /// Takes out one whose time is over, oldest first.
  std::optional<Charged> take_expired(std::uint64_t now_ns);

 private:
  struct Reservation {
    Charged charged;
    std::uint64_t expires_ns;
    std::uint64_t secret;  // 0: free
    std::uint32_t previous, next;
  };
  std::uint32_t find(const stun::ReservationToken& token, std::uint64_t now_ns) const;
  Charged take_out(std::uint32_t index);

  Pool<Reservation> pool_;
  std::uint16_t worker_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

}  // namespace penstock::turn

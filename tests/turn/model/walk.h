#pragma once
// A random walk through everything clients, peers, time and the operator can do, repeatable by its seed.

#include <cstdint>
#include <random>

#include "tests/turn/model/trial.h"

namespace penstock::turn::test {

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : random_(seed) {}

  /// One action.
  void step(Trial& trial);
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  /// Not by a standard distribution: those differ from library to library.
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() >> 32) % bound; }

 private:
  template <class T>
  const T& any(const std::vector<T>& of) {
    return of[below(static_cast<std::uint32_t>(of.size()))];
  }
  std::size_t who(const Trial& trial) { return below(static_cast<std::uint32_t>(trial.actors().size())); }
  Payload data();
  std::uint16_t number();
  std::optional<std::uint32_t> lifetime();
  net::Endpoint peer(const Trial& trial);
  net::Endpoint relayed(const Trial& trial);
  std::optional<stun::ReservationToken> token(const Trial& trial);

  void allocate(Trial& trial);
  void refresh(Trial& trial);
  void permit(Trial& trial);
  void bind(Trial& trial);
  void send(Trial& trial);
  void channel_data(Trial& trial);
  void from_peer(Trial& trial);
  void train(Trial& trial);
  void pass_time(Trial& trial);
  void disturb(Trial& trial);
  void reload(Trial& trial);

  std::mt19937_64 random_;
};

}  // namespace penstock::turn::test

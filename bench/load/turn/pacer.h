#pragma once
// How many datagrams may leave now: by the clock, or by what is still in flight.

#include <cstdint>

namespace penstock::load {

/// An even rate. A sender that was held up for long does not make up for it with a burst.
class RatePacer {
 public:
  /// `rate_pps` datagrams per second, `burst` at most at once.
  RatePacer(double rate_pps, unsigned burst, std::uint64_t now_ns)
      : interval_ns_(1e9 / rate_pps), burst_(burst), start_ns_(static_cast<double>(now_ns)) {}

  std::uint64_t allowance(std::uint64_t now_ns);
  void on_sent(std::uint64_t datagrams) { sent_ += datagrams; }

 private:
  double interval_ns_;
  unsigned burst_;
  double start_ns_;
  std::uint64_t sent_ = 0;
};

/// Flat out without drowning the server: a window of datagrams in flight, as wide as the server's queues allow. It
/// grows while nothing is lost and shrinks by a quarter when something is, so a saturated server stays saturated and
/// neither side spends its core on packets that are bound to be dropped.
class FlightWindow {
 public:
  /// Never more than `most` in flight; 0: no bound, no memory of losses. Opens with `least`, and never shrinks below.
  FlightWindow(std::uint64_t least, std::uint64_t most) : least_(least), most_(most), width_(least) {}

  std::uint64_t allowance(std::uint64_t now_ns);
  void on_sent(std::uint64_t datagrams) { in_flight_ += datagrams; }
  /// So many sequence numbers were settled by one arrival (Ledger::note).
  void on_settled(std::uint64_t numbers, std::uint64_t now_ns);

 private:
  void shrink(std::uint64_t quarters);

  std::uint64_t least_;
  std::uint64_t most_;
  std::uint64_t width_;
  std::uint64_t in_flight_ = 0;
  std::uint64_t since_change_ = 0;  ///< settled since the width last changed
  bool lost_ = false;               ///< and whether something was lost since
  std::uint64_t last_arrival_ns_ = 0;
};

}  // namespace penstock::load

#pragma once
// Where a model's choices come from: a seeded generator in tests, a fuzzer's bytes.

#include <cstdint>
#include <random>

namespace penstock::sfu::model {

class Dice {
 public:
  virtual ~Dice() = default;
  /// 0 ... bound - 1; bounds up to 256.
  virtual unsigned below(unsigned bound) = 0;

  bool chance(unsigned percent) { return below(100) < percent; }
};

class SeededDice final : public Dice {
 public:
  explicit SeededDice(std::uint32_t seed) : generator_(seed) {}
  unsigned below(unsigned bound) override { return static_cast<unsigned>(generator_() % bound); }

 private:
  std::mt19937 generator_;
};

}  // namespace penstock::sfu::model

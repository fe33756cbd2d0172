#pragma once
// How much may still be done in this pass of something that can wait, so that media does not.

namespace penstock::sfu {

/// Counted in units of about 100 ns on the machines of 2025, by rule of thumb: a bound, not a measurement.
class Work {
 public:
  explicit Work(int units) : left_(units) {}

  bool spent() const { return left_ <= 0; }
  void spend(int units) { left_ -= units; }
  int left() const { return left_; }

 private:
  int left_;
};

}  // namespace penstock::sfu

// Random sequences through the service and the model of RFC 8656, compared after every step.
//
// PENSTOCK_PROPERTY_SEEDS and PENSTOCK_PROPERTY_STEPS make it longer, PENSTOCK_PROPERTY_SEED repeats a single sequence:
//   PENSTOCK_PROPERTY_SEED=17 turn_model_test --gtest_filter='*RandomWalks*'
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/turn/model/walk.h"

namespace penstock::turn {
namespace {

using namespace test;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Empty when service and model agree.
std::string walk(std::uint64_t seed, std::uint64_t steps) {
  Walk walk(seed);
  Trial trial({.seed = seed,
               .workers = static_cast<std::uint16_t>(1 + seed % 2),
               .ports = static_cast<std::uint16_t>(seed % 3 == 0 ? 7 : 1000)});
  const bool drain = walk.one_in(3);
  std::uint64_t step = 0;
  try {
    for (; step < steps; ++step) {
      if (drain && step == steps * 9 / 10) trial.begin_drain();
      walk.step(trial);
    }
    trial.finish(drain);
  } catch (const std::exception& e) {
    return "PENSTOCK_PROPERTY_SEED=" + std::to_string(seed) + " step " + std::to_string(step) + ": " + e.what();
  }
  return {};
}

TEST(ModelTest, RandomWalksThroughServiceAndModelAgree) {
  const std::uint64_t first = setting("PENSTOCK_PROPERTY_SEED", 1);
  const bool single = std::getenv("PENSTOCK_PROPERTY_SEED") != nullptr;
  const std::uint64_t seeds = single ? 1 : setting("PENSTOCK_PROPERTY_SEEDS", 12);
  const std::uint64_t steps = setting("PENSTOCK_PROPERTY_STEPS", 500);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const std::string wrong = walk(seed, steps);
    ASSERT_TRUE(wrong.empty()) << wrong;
  }
}

}  // namespace
}  // namespace penstock::turn

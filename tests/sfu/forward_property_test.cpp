// Random publishers, networks and wishes against a receiver that takes nothing on trust.

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sfu/forward_model/session.h"

namespace penstock::sfu::model {
namespace {

constexpr int kTicks = 400;  // 13 s

// FORWARD_SEEDS=n runs as many; FORWARD_SEED=s runs that one alone.
std::uint32_t number_of(const char* name, std::uint32_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
}

TEST(ForwardProperty, WhateverHappensTheReceiverCanFollow) {
  const std::uint32_t only = number_of("FORWARD_SEED", 0), seeds = number_of("FORWARD_SEEDS", 150);
  std::uint64_t forwarded = 0, entered = 0, decoded = 0, resent = 0, switches = 0;
  for (std::uint32_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : seeds); ++seed) {
    SeededDice dice(seed);
    Session session(dice, Session::roll(dice));
    for (int i = 0; i < kTicks && !session.complaint(); ++i) session.tick();
    session.settle();
    ASSERT_FALSE(session.complaint()) << "seed " << seed << ": " << *session.complaint();
    forwarded += session.receiver().forwarded();
    entered += session.receiver().entered();
    decoded += session.receiver().frames_decoded();
    resent += session.resent();
    switches += session.switches();
  }
  std::printf("%lu packets, %lu entries, %lu switches, %lu frames decoded, %lu packets sent again\n", forwarded,
              entered, switches, decoded, resent);
  if (only == 0) {
    EXPECT_GT(entered, 5 * seeds);
    EXPECT_GT(decoded, 50 * seeds);
    EXPECT_GT(resent, 5 * seeds);
  }
}

}  // namespace
}  // namespace penstock::sfu::model

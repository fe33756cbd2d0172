// A viewer moves to and fro between workers on threads of their own, while media flows.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/sfu/moving_viewer.h"

namespace penstock::sfu::test {
namespace {

class MoveThreads : public ::testing::TestWithParam<std::uint16_t> {};

TEST_P(MoveThreads, ToAndFroWhileMediaFlows) {
  MovingViewer v(GetParam(), true);
  v.send_frame(true);
  v.beds[0]->advance(50 * kMs);
  v.collect();
  for (int i = 0; i < 6; ++i) {
    const bool back = i % 2 == 1;
    const auto transfer = v.form(back);
    v.beds[back ? 1 : 0]->post({MoveEndpoint{back ? MovingViewer::kAway : MovingViewer::kAtHome, transfer.get()}});
    for (int frame = 0; frame < 8 || transfer->state() != Transfer::State::done; ++frame) {
      ASSERT_LT(frame, 1000);
      v.send_frame();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (frame == 4 && !v.media.empty()) v.ask_again(v.media.back().header.sequence.value);
    }
    v.beds[0]->advance(5 * kMs);
    if (back) v.beds[1]->update({RemoveEndpoint{MovingViewer::kAway}});
    v.collect();
  }
  v.beds[0]->advance(20 * kMs);
  v.collect();
  // Which worker's port a packet was noted at says nothing about the order between two.
  std::ranges::sort(v.media, {}, [](const Received& p) {
    return static_cast<std::int32_t>(p.header.timestamp.value) * std::int64_t{1 << 16} +
           static_cast<std::int16_t>(p.header.sequence.value);
  });
  std::size_t best = 0;
  for (std::size_t i = 0; i < v.media.size(); ++i) {
    ASSERT_EQ(v.media[i].header.sequence.value, static_cast<std::uint16_t>(65530 + i));
    best += v.media[i].payload.back() == 0xa3 ? 1 : 0;
  }
  EXPECT_EQ(best, 2 * v.sent_frames);
  EXPECT_GT(v.again.size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(PublisherOn, MoveThreads, ::testing::Values(0, 1, 2), [](const auto& worker) {
  return std::string(worker.param == 0 ? "TheOldWorker" : worker.param == 1 ? "TheNewWorker" : "AThird");
});

}  // namespace
}  // namespace penstock::sfu::test

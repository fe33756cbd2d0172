// What lives in tables that start as zero bytes: those bytes are the initial state, and copying bytes copies it.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "dataplane/rtp/header_extensions.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/nack_generator.h"
#include "dataplane/rtp/ntp_time.h"
#include "dataplane/rtp/receiver_statistics.h"
#include "dataplane/rtp/send_history.h"
#include "dataplane/rtp/sender_report_clock.h"
#include "dataplane/rtp/transport_feedback_recorder.h"
#include "dataplane/rtp/vp8.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {
namespace {

template <class T>
void expect_zero_is_initial() {
  static_assert(std::is_trivially_copyable_v<T>);
  // A new object over bytes of ones: members' initialisers write what they initialise, padding stays. So compare with
  // one over zeros, bit by bit, wherever the first did write.
  alignas(T) std::array<unsigned char, sizeof(T)> zeros{}, ones;
  ones.fill(0xff);
  new (ones.data()) T();
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    EXPECT_TRUE(ones[i] == 0 || ones[i] == 0xff) << "byte " << i << " starts as " << int{ones[i]};
  }
  new (zeros.data()) T();
  EXPECT_TRUE(std::ranges::all_of(zeros, [](unsigned char byte) { return byte == 0; }));
}

TEST(ZeroBytes, AreTheInitialState) {
  expect_zero_is_initial<SequenceUnwrapper>();
  expect_zero_is_initial<TimestampUnwrapper>();
  expect_zero_is_initial<NtpTime>();
  expect_zero_is_initial<ExtensionIds>();
  expect_zero_is_initial<ExtensionValues>();
  expect_zero_is_initial<HeaderTemplate>();
  expect_zero_is_initial<Vp8Descriptor>();
  expect_zero_is_initial<Vp8Prefix>();
  expect_zero_is_initial<ReceiverStatistics>();
  expect_zero_is_initial<NackGenerator>();
  expect_zero_is_initial<TransportFeedbackRecorder>();
  expect_zero_is_initial<SendHistory>();
  expect_zero_is_initial<SenderReportClock>();
}

TEST(ZeroBytes, SizesAreWhatTheHeadersSay) {
  EXPECT_LE(sizeof(NackGenerator), 5400u);
  EXPECT_LE(sizeof(TransportFeedbackRecorder), 4300u);
  EXPECT_LE(sizeof(SendHistory), 8u * 1024 + 128);
  EXPECT_LE(sizeof(HeaderTemplate), 80u);
  EXPECT_LE(sizeof(ReceiverStatistics), 96u);
}

}  // namespace
}  // namespace penstock::rtp

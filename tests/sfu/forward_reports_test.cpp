// Sender reports that we make, receiver reports that we are sent.

#include <gtest/gtest.h>

#include "dataplane/sfu/forward/publisher_clock.h"
#include "dataplane/sfu/forward/receiver_view.h"
#include "dataplane/sfu/forward/sender_state.h"
#include "tests/sfu/forward_script.h"

namespace penstock::sfu::test {
namespace {

constexpr std::uint64_t kMs = 1'000'000, kS = 1'000'000'000;
constexpr std::uint64_t kPublisherUnix_ns = 1'700'000'000 * kS;  ///< its clock when ours says 0

// What the publisher's clock says at our instant.
rtp::NtpTime publisher_ntp(std::uint64_t our_ns) {
  return rtp::ntp_from_unix_ns(kPublisherUnix_ns + our_ns);
}
double error_ns(const PublisherClock& clock, std::uint64_t our_ns) {
  return static_cast<double>(rtp::ns_between(publisher_ntp(our_ns), clock.ntp_at(our_ns)));
}

TEST(PublisherClock, TheLeastDelayedReportCounts) {
  PublisherClock clock;
  EXPECT_FALSE(clock.known());
  clock.on_sender_report(publisher_ntp(10 * kS), 10 * kS + 50 * kMs);
  ASSERT_TRUE(clock.known());
  EXPECT_NEAR(error_ns(clock, 10 * kS), -50e6, 10);
  clock.on_sender_report(publisher_ntp(11 * kS), 11 * kS + 90 * kMs);
  EXPECT_NEAR(error_ns(clock, 12 * kS), -50e6, 10);
  clock.on_sender_report(publisher_ntp(12 * kS), 12 * kS + 20 * kMs);
  EXPECT_NEAR(error_ns(clock, 12 * kS), -20e6, 10);
  EXPECT_NEAR(error_ns(clock, 5 * kS), -20e6, 10) << "also for instants before it";
}

TEST(PublisherClock, IsForgottenInTimeSoThatClocksMayDrift) {
  PublisherClock clock;
  clock.on_sender_report(publisher_ntp(10 * kS), 10 * kS);
  for (std::uint64_t s = 11; s < 200; ++s) {
    // The path has become 30 ms longer, and 5 more for every second report.
    clock.on_sender_report(publisher_ntp(s * kS), s * kS + (s % 2 == 0 ? 35 : 30) * kMs);
    EXPECT_NEAR(error_ns(clock, s * kS), s < 70 ? 0 : -30e6, 10) << s;
  }
}

TEST(PublisherClock, FollowsAClockThatIsSet) {
  for (const std::uint64_t set_by : {3600 * kS, 0 - 3600 * kS}) {
    PublisherClock clock;
    clock.on_sender_report(publisher_ntp(10 * kS), 10 * kS);
    clock.on_sender_report(rtp::ntp_from_unix_ns(kPublisherUnix_ns + set_by + 11 * kS), 11 * kS);
    EXPECT_NEAR(error_ns(clock, 11 * kS), static_cast<double>(static_cast<std::int64_t>(set_by)), 10);
  }
}

// Sound and picture of one publisher, whose packets and reports are delayed as the case says.
TEST(SenderState, SoundAndPictureStayTogether) {
  rtp::SenderReportClock picture_reports, sound_reports;
  PublisherClock clock;
  // Both are captured from our second 100 on; RTP 1,000,000 and 5,000.
  picture_reports.on_sender_report({publisher_ntp(101 * kS), {1'000'000 + 90'000}, 0, 0});
  clock.on_sender_report(publisher_ntp(101 * kS), 101 * kS + 30 * kMs);
  sound_reports.on_sender_report({publisher_ntp(102 * kS), {5'000 + 2 * 48'000}, 0, 0});
  clock.on_sender_report(publisher_ntp(102 * kS), 102 * kS + 170 * kMs);

  Source picture{.clock_rate_hz = 90'000, .active = 1}, sound{.clock_rate_hz = 48'000, .active = 1};
  picture.encodings[0].clock = &picture_reports;
  sound.encodings[0].clock = &sound_reports;
  SubscriptionParameters parameters;
  Forwarder picture_out, sound_out;
  parameters.kind = MediaKind::video;
  parameters.first_timestamp = 0xffff'0000;
  picture_out.start(parameters);
  parameters.kind = MediaKind::audio;
  parameters.first_timestamp = 77;
  sound_out.start(parameters);

  StoredPacket frame = clip("K", {.timestamp = 1'000'000 - 3'000})[0];
  frame.arrival_ns = 100 * kS + 400 * kMs;  // pictures take longer to encode
  const Decision first_picture = picture_out.on_packet(picture, 0, frame);
  StoredPacket opus = clip("0", {.timestamp = 5'000 - 3'000, .has_picture_id = false})[0];
  opus.arrival_ns = 100 * kS + 25 * kMs;
  const Decision first_sound = sound_out.on_packet(sound, 0, opus);
  ASSERT_TRUE(first_picture && first_sound);

  const std::uint64_t now_ns = 103 * kS;
  const rtp::SenderInfo a = sender_info(picture_out, picture, clock, {.packets = 1, .octets = 100}, {5}, now_ns);
  const rtp::SenderInfo b = sender_info(sound_out, sound, clock, {}, {5}, now_ns);
  EXPECT_EQ(a.ntp, b.ntp);
  EXPECT_EQ(a.packets, 1U);
  EXPECT_EQ(a.octets, 100U);
  // As seconds since their first packets, which were captured at one instant.
  const double picture_s = (a.rtp.value - first_picture.outgoing.timestamp) / 90'000.0;
  const double sound_s = (b.rtp.value - first_sound.outgoing.timestamp) / 48'000.0;
  EXPECT_NEAR(picture_s, sound_s, 0.0001);
  EXPECT_NEAR(picture_s, 2.97, 0.001) << "3 s less the least delay";
}

TEST(SenderState, BeforeReportsOfTheSourceArrivalsCount) {
  Source source{.clock_rate_hz = 90'000, .active = 1};
  SubscriptionParameters parameters;
  parameters.kind = MediaKind::video;
  Forwarder forwarder;
  forwarder.start(parameters);
  const auto packet = clip("K")[0];
  const Decision decision = forwarder.on_packet(source, 0, packet);
  EXPECT_EQ(timestamp_at(forwarder, source, {}, packet.arrival_ns + 500 * kMs), decision.outgoing.timestamp + 45'000);
  rtp::SenderReportClock absurd;
  absurd.on_sender_report({publisher_ntp(0), {0}, 0, 0});
  source.encodings[0].clock = &absurd;
  PublisherClock clock;
  clock.on_sender_report(publisher_ntp(0), 50'000 * kS);
  EXPECT_EQ(timestamp_at(forwarder, source, clock, packet.arrival_ns + 500 * kMs),
            decision.outgoing.timestamp + 45'000);
}

TEST(ReceiverView, KeepsTheLastReportAndSmoothsRoundTrips) {
  const rtp::NtpTime now = rtp::ntp_from_unix_ns(kPublisherUnix_ns);
  // Our report went out `trip` before, and lay at the receiver for none of it.
  const auto block = [&](std::uint64_t trip_ns) {
    rtp::ReportBlock b;
    b.fraction_lost = 13;
    b.cumulative_lost = -2;
    b.extended_highest = 0x1'0005;
    b.jitter = 900;
    b.last_sender_report = rtp::ntp_from_unix_ns(kPublisherUnix_ns - trip_ns).short_form();
    return b;
  };
  ReceiverView view;
  view.on_report({}, now, 90'000);
  EXPECT_EQ(view.rtt_us, 0U) << "it has seen no report of ours yet";
  view.on_report(block(80 * kMs), now, 90'000);
  EXPECT_NEAR(view.rtt_us, 80'000, 20);
  view.on_report(block(160 * kMs), now, 90'000);
  EXPECT_NEAR(view.rtt_us, 90'000, 20);
  EXPECT_NEAR(view.least_rtt_us, 80'000, 20);
  EXPECT_EQ(view.jitter_us, 10'000U);
  EXPECT_EQ(view.fraction_lost, 13);
  EXPECT_EQ(view.cumulative_lost, -2);
  EXPECT_EQ(view.extended_highest, 0x1'0005U);
  EXPECT_EQ(view.reports, 3U);
  rtp::ReportBlock wild = block(0);
  wild.jitter = UINT32_MAX;
  wild.delay = UINT32_MAX;
  view.on_report(wild, now, 1);
  EXPECT_EQ(view.jitter_us, UINT32_MAX);
}

}  // namespace
}  // namespace penstock::sfu::test

// Two endpoints, one at each end of a loopback transport: what the load generator believes of others is checked here
// against itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "bench/load/sfu/peer/loop.h"
#include "bench/load/sfu/peer/ortc.h"
#include "bench/load/sfu/peer/sdp.h"
#include "bench/load/turn/clock.h"
#include "dataplane/rtp/rtcp_writer.h"

namespace penstock::load::peer {
namespace {

constexpr net::Endpoint kLoopback{net::Address::v4(0x7f000001), 0};
constexpr rtp::Ssrc kSsrc{77};

struct Recorder final : Listener {
  void on_state(State state, std::uint64_t) override { states.push_back(state); }
  void on_rtp(const ReceivedRtp& packet) override {
    sequences.push_back(packet.header.sequence.value);
    payload_bytes += packet.payload.size();
  }
  void on_rtcp(const rtp::RtcpCompound& compound, std::uint64_t) override {
    for (const auto packet : compound) plis += rtp::picture_loss(packet).has_value();
  }
  std::vector<State> states;
  std::vector<std::uint16_t> sequences;
  std::size_t payload_bytes = 0;
  int plis = 0;
};

class PeerTest : public testing::Test {
 protected:
  PeerTest() : loop_(Loop::create({.most_endpoints = 4}).value()) {
    for (int i = 0; i < 2; ++i) {
      ends_[i] = loop_->open(kLoopback).value();
      ends_[i]->listen(&recorders_[i]);
    }
  }

  void connect(DtlsSetup first, DtlsSetup second) {
    TransportParameters of_first = ends_[0]->local();
    TransportParameters of_second = ends_[1]->local();
    of_first.setup = first;
    of_second.setup = second;
    ASSERT_TRUE(ends_[0]->connect(of_second));
    ASSERT_TRUE(ends_[1]->connect(of_first));
    turn_until([&] { return ends_[0]->state() == State::connected && ends_[1]->state() == State::connected; });
  }

  template <class Done>
  void turn_until(Done&& done) {
    const std::uint64_t deadline = now_ns() + to_ns(10);
    while (!done() && now_ns() < deadline) loop_->turn(deadline);
  }

  void send(Endpoint& from, std::uint64_t index, std::size_t bytes) {
    const auto room = loop_->outbox().payload();
    std::fill_n(room.begin(), bytes, std::uint8_t{7});
    const auto sequence = static_cast<std::uint16_t>(index);
    from.send({form_, {kSsrc, {0}, {sequence}, 96, false}, {}, index}, bytes);
  }

  const rtp::HeaderTemplate form_ = rtp::HeaderTemplate::make({}).value();
  std::unique_ptr<Loop> loop_;
  std::array<Recorder, 2> recorders_;
  std::array<Endpoint*, 2> ends_{};
};

TEST_F(PeerTest, TwoControllingAgentsSettleTheirRolesAndShakeHands) {
  connect(DtlsSetup::active, DtlsSetup::passive);
  EXPECT_THAT(recorders_[0].states, testing::ElementsAre(State::checking, State::handshaking, State::connected));
  EXPECT_EQ(ends_[1]->state(), State::connected);
  EXPECT_EQ(ends_[0]->profile(), srtp::Profile::aead_aes_128_gcm);
}

TEST_F(PeerTest, ATrainArrivesWholeAndInOrder) {
  connect(DtlsSetup::passive, DtlsSetup::active);
  for (std::uint64_t i = 0; i < 200; ++i) send(*ends_[0], 65'500 - 32'768 + i, 1100);
  turn_until([&] { return recorders_[1].sequences.size() == 200; });
  ASSERT_EQ(recorders_[1].sequences.size(), 200u);
  EXPECT_TRUE(std::is_sorted(recorders_[1].sequences.begin(), recorders_[1].sequences.end()));
  EXPECT_EQ(recorders_[1].payload_bytes, 200u * 1100);
  EXPECT_EQ(loop_->outbox().refused(), 0u);
}

TEST_F(PeerTest, RepeatedPacketsAreCountedAndNotDelivered) {
  connect(DtlsSetup::active, DtlsSetup::passive);
  for (const std::uint64_t index : {1u, 2u, 2u, 1u, 3u}) send(*ends_[1], index, 50);
  turn_until([&] { return loop_->received().replayed == 2 && recorders_[0].sequences.size() == 3; });
  EXPECT_THAT(recorders_[0].sequences, testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(loop_->received().replayed, 2u);
}

TEST_F(PeerTest, RtcpGoesBothWays) {
  connect(DtlsSetup::active, DtlsSetup::passive);
  std::array<std::uint8_t, 100> buffer;
  rtp::RtcpWriter writer(buffer);
  ASSERT_TRUE(writer.picture_loss(kSsrc, kSsrc));
  for (Endpoint* end : ends_) end->send_rtcp(std::span(buffer).first(writer.size()));
  turn_until([&] { return recorders_[0].plis == 1 && recorders_[1].plis == 1; });
  EXPECT_EQ(recorders_[0].plis + recorders_[1].plis, 2);
}

TEST_F(PeerTest, AnotherCertificateThanSignalledIsRefused) {
  TransportParameters of_first = ends_[0]->local();
  TransportParameters of_second = ends_[1]->local();
  of_first.setup = DtlsSetup::active;
  of_second.setup = DtlsSetup::passive;
  of_first.fingerprints[0].bytes[0] ^= 1;
  ASSERT_TRUE(ends_[0]->connect(of_second));
  ASSERT_TRUE(ends_[1]->connect(of_first));
  turn_until([&] { return ends_[0]->state() == State::failed && ends_[1]->state() == State::failed; });
  EXPECT_EQ(ends_[1]->state(), State::failed);
  EXPECT_THAT(ends_[1]->failure(), testing::HasSubstr("sha-256"));
}

TEST_F(PeerTest, ClosedPlacesAreUsedAgain) {
  for (int round = 0; round < 20; ++round) {
    Endpoint* const another = loop_->open(kLoopback).value();
    EXPECT_EQ(loop_->endpoints(), 3u);
    loop_->close(another);
  }
  EXPECT_EQ(loop_->endpoints(), 2u);
}

TEST_F(PeerTest, ParametersSurviveOrtcAndSdp) {
  TransportParameters local = ends_[0]->local();
  local.setup = DtlsSetup::active;
  nlohmann::json ortc = to_ortc(local);
  ortc["candidates"] = {{{"address", "127.0.0.1"}, {"port", local.candidates[0].port}}};
  const auto again = from_ortc(ortc);
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->ice_pwd, local.ice_pwd);
  EXPECT_EQ(again->candidates, local.candidates);

  MediaLine video{.mid = "1", .video = true, .sends = true, .payload_type = 96, .rtx_payload_type = 97};
  video.rids = {"q", "h", "f"};
  const auto described = read_sdp(write_sdp(local, {{.mid = "0", .payload_type = 111}, video}));
  ASSERT_TRUE(described) << described.error();
  EXPECT_EQ(described->transport.ice_ufrag, local.ice_ufrag);
  EXPECT_EQ(described->transport.setup, DtlsSetup::active);
  EXPECT_EQ(described->transport.fingerprints, local.fingerprints);
  EXPECT_EQ(described->transport.candidates.front(), local.candidates.front());
  ASSERT_EQ(described->sections.size(), 2u);
  EXPECT_EQ(described->sections[1].simulcast.send.size(), 3u);
}

TEST(ScheduleTest, AnEarlierDeadlineReplacesALaterOne) {
  struct Count final : Task {
    std::uint64_t run(std::uint64_t now) override {
      runs.push_back(now);
      return now < 30 ? now + 10 : kNever;
    }
    std::vector<std::uint64_t> runs;
  } task;
  Schedule schedule;
  schedule.add(task, 50);
  schedule.add(task, 10);
  schedule.add(task, 70);
  for (std::uint64_t now = 0; now < 100; now += 5) schedule.run(now);
  EXPECT_THAT(task.runs, testing::ElementsAre(10, 20, 30));
  EXPECT_EQ(schedule.next_ns(), Task::kNever);
}

}  // namespace
}  // namespace penstock::load::peer

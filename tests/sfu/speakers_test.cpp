// Audio last-N: of a hundred open microphones the loudest are heard, and nobody takes the others' silence for loss.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "dataplane/rtp/header_template.h"
#include "tests/sfu/two_workers.h"

namespace penstock::sfu::test {
namespace {

constexpr std::uint64_t kPacketNs = 20 * kMs;

TEST(SpeakerBoard, SeatsGoToTheLoudest) {
  SpeakerBoard board(2);
  std::uint64_t now = 1'000'000'000;
  for (int round = 0; round < 10; ++round, now += kPacketNs) {
    for (TrackSlot t = 0; t < 10; ++t) board.speaks(1, 3, {0, t, static_cast<std::uint8_t>(100 - 8 * t)}, now);
  }
  std::set<TrackSlot> seated;
  for (const Speaker& s : board.speakers(1, now)) seated.insert(s.track);
  EXPECT_EQ(seated, (std::set<TrackSlot>{7, 8, 9}));
  EXPECT_TRUE(board.speakers(0, now).empty()) << "rooms have nothing to do with each other";
}

TEST(SpeakerBoard, ALittleLouderTakesNoSeat) {
  SpeakerBoard board(1);
  EXPECT_TRUE(board.speaks(0, 1, {0, 1, 40}, 1000));
  EXPECT_FALSE(board.speaks(0, 1, {0, 2, 40 - SpeakerBoard::kHysteresis_dB + 1}, 1000));
  EXPECT_TRUE(board.speaks(0, 1, {0, 1, 40}, 1000));
  EXPECT_TRUE(board.speaks(0, 1, {0, 2, 40 - SpeakerBoard::kHysteresis_dB}, 1000));
  EXPECT_FALSE(board.speaks(0, 1, {0, 1, 40}, 1000));
}

TEST(SpeakerBoard, WhoSendsNothingOrEndsFreesTheSeat) {
  SpeakerBoard board(1);
  EXPECT_TRUE(board.speaks(0, 1, {1, 1, 10}, 1000));
  EXPECT_FALSE(board.speaks(0, 1, {0, 1, 90}, 1000)) << "the same track number of another worker is another track";
  EXPECT_TRUE(board.speaks(0, 1, {0, 1, 90}, 1000 + 2 * SpeakerBoard::kHold_ns));
  board.leave(0, 1, 1);
  EXPECT_FALSE(board.speaks(0, 1, {1, 1, 90}, 1000 + 2 * SpeakerBoard::kHold_ns)) << "it had none to give back";
  board.leave(0, 0, 1);
  EXPECT_TRUE(board.speaks(0, 1, {1, 1, 120}, 1000 + 2 * SpeakerBoard::kHold_ns));
}

// Whose pass has begun a little earlier sees a seat that was written in its future.
TEST(SpeakerBoard, ASeatTakenAMomentAgoByAnotherWorkerIsNotVacant) {
  SpeakerBoard board(1);
  const std::uint64_t tick = 1 << 25, now = 1000 * tick;
  EXPECT_TRUE(board.speaks(0, 1, {1, 1, 30}, now));
  EXPECT_FALSE(board.speaks(0, 1, {0, 1, 60}, now - 1));
  EXPECT_EQ(board.speakers(0, now - 1).size(), 1U);
}

TEST(SpeakerBoard, SilenceDoesNotTakeTurns) {
  SpeakerBoard board(1);
  std::uint64_t now = 1;
  EXPECT_TRUE(board.speaks(0, 1, {0, 0, 127}, now));
  for (int i = 0; i < 500; ++i, now += kPacketNs) {
    EXPECT_TRUE(board.speaks(0, 1, {0, 0, 127}, now));
    EXPECT_FALSE(board.speaks(0, 1, {0, 1, 127}, now));
  }
}

TrackParameters microphone(EndpointSlot endpoint, std::uint8_t seats) {
  TrackParameters p{.endpoint = endpoint, .payload_type = kOpus, .mid = Mid("0"), .extensions = publisher_ids()};
  p.speakers = {.room = 3, .seats = seats};
  return p;
}

// A microphone that sends a packet every 20 ms.
struct Talker {
  Client client;
  std::uint8_t level;
  bool tells_level = true;
  std::uint16_t sequence = 65500;
  std::uint32_t timestamp = 0;
  std::uint32_t roll_over = 0;

  void send(bool lost = false) {
    rtp::HeaderTemplate::Parameters parameters{.ids = publisher_ids(), .mid = "0", .rid = {}, .repaired_rid = {}};
    if (!tells_level) parameters.ids.set(rtp::Extension::audio_level, 0);
    const auto made = rtp::HeaderTemplate::make(parameters).value();
    std::array<std::uint8_t, rtp::HeaderTemplate::kMostBytes> header{};
    rtp::ExtensionValues values;
    values.set_audio_level(level);
    made.write(header, {rtp::Ssrc{5}, {timestamp}, {sequence}, kOpus, false}, values);
    const auto tag = static_cast<std::uint8_t>(client.slot());
    if (!lost) client.send_rtp(std::span(header).first(made.size()), Payload(80, tag), roll_over);
    roll_over += ++sequence == 0 ? 1 : 0;
    timestamp += 960;
  }
};

// One listener per worker to all microphones; endpoint slot 0 of each worker. Streams by SSRC.
struct Meeting {
  std::shared_ptr<Site> site;
  SfuBed first, second;
  Client near{first, 0, client(1)}, far{second, 0, client(2)};
  std::vector<std::unique_ptr<Talker>> talkers;
  std::uint8_t seats;

  explicit Meeting(std::uint8_t count)
      : site(std::make_shared<Site>(std::uint16_t{2})),
        first({.sizes = {.endpoints = 128, .tracks = 128, .subscriptions = 256}, .site = site, .worker = 0}),
        second({.sizes = {.endpoints = 128, .tracks = 128, .subscriptions = 256}, .site = site, .worker = 1}),
        seats(count) {
    EXPECT_TRUE(near.check() && far.check());
  }
  ~Meeting() {
    EXPECT_EQ(first.imbalance(), "");
    EXPECT_EQ(second.imbalance(), "");
  }

  static SubscriptionParameters ear(TrackSlot track) {
    SubscriptionParameters p{
        .endpoint = 0, .track = track, .payload_type = 109, .mid = Mid("a"), .extensions = viewer_ids()};
    p.ssrc = 1000 + track;
    return p;
  }
  // Its slots are the same number everywhere: endpoint and track of its worker, mirror on the other.
  void join(std::uint32_t n, std::uint8_t level, std::uint16_t worker) {
    SfuBed& home = worker == 0 ? first : second;
    SfuBed& away = worker == 0 ? second : first;
    const net::Endpoint remote{net::Address::v4(0xcb007200 | n), static_cast<std::uint16_t>(6000 + n)};
    talkers.push_back(std::make_unique<Talker>(Talker{Client(home, n, remote), level}));
    EXPECT_TRUE(talkers.back()->client.check());
    home.update({SetTrack{n, 1, microphone(n, seats)}, SetSubscription{n, 1, ear(n)}});
    away.update({SetTrack{n, 2, mirror_of(microphone(n, seats), n, 1, worker)}, SetSubscription{n, 1, ear(n)}});
    home.update({AddMirror{n, static_cast<std::uint16_t>(1 - worker), n, 2}});
  }
  void talk(int packets) {
    for (int i = 0; i < packets; ++i) {
      for (auto& talker : talkers) talker->send();
      first.advance(kPacketNs);
    }
  }
};

// Packets by talker.
std::map<std::uint32_t, std::vector<Received>> heard(Client& listener) {
  std::map<std::uint32_t, std::vector<Received>> by_talker;
  for (Received& packet : listener.take(viewer_ids()).rtp) {
    by_talker[rtp::to_wire(packet.header.ssrc) - 1000].push_back(std::move(packet));
  }
  return by_talker;
}

void expect_continuous(const std::vector<Received>& packets) {
  std::uint16_t next = packets.front().header.sequence.value;
  for (const Received& packet : packets) ASSERT_EQ(packet.header.sequence.value, next++);
}

TEST(Speakers, OfAHundredMicrophonesTheThreeLoudestAreHeardOnBothWorkers) {
  Meeting m(3);
  for (std::uint32_t n = 1; n <= 100; ++n) {
    const bool loud = n % 40 == 7;  // 7, 47, 87
    m.join(n, static_cast<std::uint8_t>(loud ? 20 + n % 3 : 60 + n % 60), static_cast<std::uint16_t>(n % 2));
  }
  m.talk(10);
  heard(m.near);
  heard(m.far);
  m.talk(50);
  for (Client* listener : {&m.near, &m.far}) {
    const auto streams = heard(*listener);
    ASSERT_EQ(streams.size(), 3U);
    for (const std::uint32_t n : {7U, 47U, 87U}) {
      ASSERT_EQ(streams.count(n), 1U);
      EXPECT_EQ(streams.at(n).size(), 50U);
      expect_continuous(streams.at(n));
    }
  }
  const std::uint64_t unheard = m.first.stats().packets_unheard.get() + m.second.stats().packets_unheard.get();
  EXPECT_GT(unheard, 96 * 60U) << "nearly all packets end before they are multiplied";
}

TEST(Speakers, WhoBeginsToSpeakIsHeardAndWhoStopsIsLeft) {
  Meeting m(1);
  m.join(1, 30, 0);
  m.join(2, 90, 1);
  m.talk(20);
  auto streams = heard(m.far);
  ASSERT_EQ(streams.size(), 1U);
  auto of_first = streams[1];
  m.talkers[0]->level = 127;
  m.talkers[1]->level = 30;
  m.talk(60);
  streams = heard(m.far);
  EXPECT_LT(streams[1].size(), 30U) << "silence loses the seat within half a second";
  EXPECT_GT(streams[2].size(), 30U);
  m.talkers[0]->level = 25;
  m.talkers[1]->level = 127;
  of_first.insert(of_first.end(), streams[1].begin(), streams[1].end());
  const auto of_second = streams[2];
  m.talk(60);
  streams = heard(m.far);
  of_first.insert(of_first.end(), streams[1].begin(), streams[1].end());
  EXPECT_GT(streams[1].size(), 30U);
  expect_continuous(of_first);
  expect_continuous(of_second);
  // What lies between was not sent, but time went on.
  EXPECT_EQ(of_first.back().header.timestamp.value - of_first.front().header.timestamp.value, (140U - 1) * 960);
}

TEST(Speakers, WhatIsLostOnTheWayHereIsStillMissed) {
  Meeting m(1);
  m.join(1, 30, 0);
  m.talk(5);
  m.talkers[0]->send(true);
  m.talk(5);
  const auto stream = heard(m.near)[1];
  ASSERT_EQ(stream.size(), 10U);
  EXPECT_EQ(stream[5].header.sequence.value - stream[4].header.sequence.value, 2);
}

TEST(Speakers, ATrackThatEndsFreesItsSeat) {
  Meeting m(1);
  m.join(1, 20, 0);
  m.join(2, 60, 0);
  m.talk(20);
  const auto seated = m.site->speakers.speakers(3, m.first.now_ns());
  ASSERT_EQ(seated.size(), 1U);
  EXPECT_EQ(seated[0].track, 1U);
  m.first.update({RemoveTrack{1}});
  m.talkers.erase(m.talkers.begin());
  heard(m.near);
  m.talk(5);
  EXPECT_EQ(heard(m.near)[2].size(), 5U);
}

// Levels are the clients' own words.
TEST(Speakers, WhoClaimsToBeLoudForEverIsDisplacedByAVoice) {
  Meeting m(1);
  m.join(1, 0, 0);
  m.join(2, 26, 1);
  m.talk(20);
  EXPECT_EQ(heard(m.far)[2].size(), 0U);
  for (int sentence = 0; sentence < 6; ++sentence) {
    m.talkers[1]->level = 26;
    m.talk(200);
    const std::size_t of_the_voice = heard(m.far)[2].size();
    EXPECT_GE(of_the_voice, sentence > 3 ? 190U : 0U) << "a voice that pauses keeps its seat";
    m.talkers[1]->level = 70;
    m.talk(10);
  }
  m.talkers[1]->level = 26;
  heard(m.far);
  m.talk(20);
  EXPECT_EQ(heard(m.far)[2].size(), 20U);
}

TEST(Speakers, WhoComesBackAfterALongSilenceIsBelieved) {
  Meeting m(1);
  m.join(1, 26, 0);
  m.join(2, 40, 1);
  m.talk(20);
  for (int i = 0; i < 600; ++i) {
    m.talkers[1]->send();
    m.first.advance(kPacketNs);
  }
  heard(m.far);
  m.talk(20);
  EXPECT_EQ(heard(m.far)[1].size(), 20U);
}

TEST(Speakers, ALimitMayComeAndGo) {
  Meeting m(1);
  m.join(1, 20, 0);
  m.join(2, 60, 0);
  m.talk(20);
  heard(m.near);
  auto unlimited = microphone(2, 1);
  unlimited.speakers = {};
  m.first.update({SetTrack{2, 1, unlimited}});
  m.talk(10);
  auto stream = heard(m.near)[2];
  EXPECT_EQ(stream.size(), 10U);
  m.first.update({SetTrack{2, 1, microphone(2, 1)}});
  m.talk(10);
  EXPECT_TRUE(heard(m.near)[2].empty());
  m.first.update({SetTrack{2, 1, unlimited}});
  m.talk(10);
  const auto more = heard(m.near)[2];
  stream.insert(stream.end(), more.begin(), more.end());
  EXPECT_EQ(stream.size(), 20U);
  expect_continuous(stream);
}

TEST(Speakers, WithoutTheLevelExtensionATrackCountsAsModerate) {
  Meeting m(1);
  m.join(1, 0, 0);
  m.talkers[0]->tells_level = false;
  m.join(2, 70, 0);
  m.talk(20);
  heard(m.near);
  m.talk(5);
  EXPECT_EQ(heard(m.near).count(2), 0U);
  m.talkers[1]->level = 30;
  m.talk(20);
  heard(m.near);
  m.talk(5);
  EXPECT_EQ(heard(m.near).count(1), 0U);
}

}  // namespace
}  // namespace penstock::sfu::test

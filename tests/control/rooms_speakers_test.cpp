// audio_last_n: which tracks compete for seats on the SpeakerBoard, and whose numbers there are.

#include <gmock/gmock.h>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

using testing::ElementsAre;

class Speakers : public RoomsTest {
 protected:
  void two_microphones() {
    EndpointSpec publisher = browser();
    publisher.tracks = {{"mic", opus_track()}, {"cam", vp8_track()}};
    must(PutEndpoint{"r", "alice", publisher});
    must(PutEndpoint{"r", "bob", publisher});
    workers->apply();
  }
  /// Of the tracks in the worker's table, in the order of their slots.
  std::vector<unsigned> seats() {
    workers->apply();
    std::vector<unsigned> all;
    for (std::uint32_t slot = 0; slot < 4; ++slot) all.push_back(workers->track(0, slot).speakers.seats);
    return all;
  }
};

TEST_F(Speakers, AudioTracksOfALimitedRoomCompete) {
  must(PutRoom{"r", {.audio_last_n = 3}});
  two_microphones();
  EXPECT_THAT(seats(), ElementsAre(3u, 0u, 3u, 0u));
  EXPECT_EQ(workers->track(0, 0).speakers.room, workers->track(0, 2).speakers.room);
  must(PutRoom{"r", {.audio_last_n = 1}});
  EXPECT_THAT(seats(), ElementsAre(1u, 0u, 1u, 0u));
  TrackSpec again = opus_track("5");
  must(PutTrack{"r", "alice", "mic", again});
  EXPECT_THAT(seats(), ElementsAre(1u, 0u, 1u, 0u));
  must(PutRoom{"r", {}});
  EXPECT_THAT(seats(), ElementsAre(0u, 0u, 0u, 0u));
  EXPECT_FALSE(workers->track(0, 0).speakers.limited());
}

TEST_F(Speakers, RoomsHaveNumbersOfTheirOwnAndGiveThemBack) {
  must(PutRoom{"r", {.audio_last_n = 2}});
  two_microphones();
  const std::uint32_t number = workers->track(0, 0).speakers.room;
  must(PutRoom{"q", {.audio_last_n = 2}});
  must(PutRoom{"p", {.audio_last_n = 2}});
  must(PutRoom{"o", {.audio_last_n = 2}});
  // The board of the fixture has four.
  EXPECT_EQ(refusal(PutRoom{"n", {.audio_last_n = 2}}).field, "/audio_last_n");
  must(PutRoom{"n", {}});
  EXPECT_EQ(refusal(PutRoom{"n", {.audio_last_n = 2}}).kind, ErrorKind::limit);
  must(DeleteRoom{"r"});
  EXPECT_EQ(refusal(PutRoom{"n", {.audio_last_n = 2}}).kind, ErrorKind::limit) << "its tracks are not gone yet";
  pass(std::chrono::milliseconds(20));
  must(PutRoom{"n", {.audio_last_n = 2}});
  must(PutEndpoint{"n", "carol", browser()});
  must(PutTrack{"n", "carol", "mic", opus_track()});
  workers->apply();
  const auto& set = std::get<sfu::SetTrack>(workers->posted.back().operations.back());
  EXPECT_EQ(set.parameters.speakers.room, number);
}

TEST_F(Speakers, AtMostSixteen) {
  EXPECT_EQ(refusal(PutRoom{"r", {.audio_last_n = 17}}).field, "/audio_last_n");
  must(PutRoom{"r", {.audio_last_n = 16}});
}

TEST_F(Speakers, ARoomShowsWhoIsHeard) {
  must(PutRoom{"r", {.audio_last_n = 1}});
  two_microphones();
  EXPECT_TRUE(rooms->room("r")->speakers.empty());
  const std::uint32_t room = workers->track(0, 2).speakers.room;
  ASSERT_TRUE(speaker_board.speaks(room, 1, {.worker = 0, .track = 2, .level = 10}, now.monotonic_ns));
  EXPECT_THAT(rooms->room("r")->speakers, ElementsAre(TrackReference{"bob", "mic"}));
}

}  // namespace
}  // namespace penstock::control::rooms

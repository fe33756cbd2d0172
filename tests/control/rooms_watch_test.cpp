// What workers show and time brings: events, expiry, leases, rates.

#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Watch = RoomsTest;

TEST_F(Watch, AnEndpointConnectsAndIsSecured) {
  publisher_and_viewer();
  set_ice(ref_of(0), sfu::IceState::connected);
  pass(milliseconds(20));
  report(ref_of(0), dtls::Result::secured);
  ASSERT_THAT(event_names(), ElementsAre("endpoint.ice", "endpoint.dtls"));
  EXPECT_EQ(events[0].endpoint, "alice");
  EXPECT_EQ(events[0].state, "connected");
  EXPECT_EQ(events[1].state, "secured");
  const auto& keys = std::get<sfu::InstallKeys>(workers->posted.back().operations.at(0));
  EXPECT_EQ(keys.slot, ref_of(0).slot);
  EXPECT_EQ(keys.receive.key[0], 7);
  EXPECT_EQ(rooms->endpoint("r", "alice")->dtls_state, DtlsState::secured);
  EXPECT_EQ(rooms->endpoint("r", "alice")->srtp_profile, "AES128_CM_SHA1_80");
  pass(seconds(60));
  EXPECT_EQ(rooms->endpoint("r", "alice")->ice_state, IceViewState::connected);
  EXPECT_EQ(rooms->statistics().population().endpoints_by_dtls[1], 1u);
}

TEST_F(Watch, AnEndpointThatNeverConnectsIsReported) {
  publisher_and_viewer();
  pass(seconds(29));
  EXPECT_THAT(events, IsEmpty());
  pass(seconds(2));
  EXPECT_THAT(event_names(), ElementsAre("endpoint.ice", "endpoint.ice"));
  EXPECT_EQ(events[0].state, "failed");
  EXPECT_THAT(events[0].reason, HasSubstr("30 s"));
  EXPECT_EQ(rooms->endpoint("r", "alice")->failure, events[0].reason);
  set_ice(ref_of(0), sfu::IceState::connected);  // late, but welcome
  pass(milliseconds(20));
  EXPECT_EQ(rooms->endpoint("r", "alice")->ice_state, IceViewState::connected);
  EXPECT_EQ(rooms->endpoint("r", "alice")->failure, "");
}

TEST_F(Watch, AnEndpointThatExpiresIsDeleted) {
  must(PutRoom{"r", {}});
  EndpointSpec spec = browser();
  spec.expire_when_lost = true;
  for (const char* id : {"never", "lost", "mismatch", "goodbye", "silent"}) must(PutEndpoint{"r", id, spec});
  workers->apply();
  events.clear();
  for (const int i : {1, 2, 3, 4}) set_ice(ref_of(static_cast<std::size_t>(i)), sfu::IceState::connected);
  pass(milliseconds(20));
  report(ref_of(1), dtls::Result::secured);
  report(ref_of(2), dtls::Result::fingerprint_mismatch, "sha-256 AB");
  report(ref_of(3), dtls::Result::secured);
  report(ref_of(3), dtls::Result::closed);
  EXPECT_EQ(rooms->endpoints("r", "", 9)->size(), 3u);
  EXPECT_THAT(events.back().reason, HasSubstr("closed"));
  set_ice(ref_of(1), sfu::IceState::disconnected);
  pass(milliseconds(20));
  pass(seconds(29));
  EXPECT_EQ(rooms->endpoints("r", "", 9)->size(), 3u);
  pass(seconds(2));
  EXPECT_THAT(rooms->endpoints("r", "", 9).value(), IsEmpty());
  const Expiries expiries = rooms->statistics().expiries;
  EXPECT_EQ(expiries.never_connected, 1u);
  EXPECT_EQ(expiries.lost, 1u);
  EXPECT_EQ(expiries.handshake_failed, 2u);
  EXPECT_EQ(handshaker.forgotten.size(), 5u);
}

TEST_F(Watch, ReportsOfThePastAreIgnored) {
  publisher_and_viewer();
  const auto ref = ref_of(0);
  must(DeleteEndpoint{"r", "alice"});
  pass(milliseconds(20));
  must(PutEndpoint{"r", "alice", browser()});
  EXPECT_EQ(ref_of(2).slot, ref.slot);
  EXPECT_NE(ref_of(2).generation, ref.generation);
  const std::string before = rooms->digest();
  report(ref, dtls::Result::secured);
  report({.worker = 9, .slot = 0, .generation = 1}, dtls::Result::secured);
  report({.worker = 0, .slot = 999'999, .generation = 1}, dtls::Result::secured);
  EXPECT_EQ(rooms->digest(), before);
  // Nor does the board's old use speak for the new one.
  set_ice(ref, sfu::IceState::connected);
  rooms->tick();
  EXPECT_EQ(rooms->endpoint("r", "alice")->ice_state, IceViewState::waiting);
}

TEST_F(Watch, AReportOfAReplacedAssociationIsDropped) {
  must(PutRoom{"r", {}});
  EndpointSpec spec = browser();
  spec.expire_when_lost = true;
  must(PutEndpoint{"r", "alice", spec});
  const dtls::Peer old = handshaker.expected.at(0);
  const auto too_late = [&](const dtls::Peer& peer) {
    const std::string before = rooms->digest();
    const std::size_t posted = workers->posted.size();
    for (const auto result : {dtls::Result::secured, dtls::Result::closed, dtls::Result::fingerprint_mismatch}) {
      report(peer, result);
    }
    EXPECT_EQ(rooms->digest(), before);
    EXPECT_EQ(workers->posted.size(), posted) << "keys of a certificate that nobody vouches for";
  };
  spec.fingerprints.at(0).bytes.at(0) = 9;  // another certificate
  must(PutEndpoint{"r", "alice", spec});
  too_late(old);
  spec.dtls_role = DtlsRole::passive;  // another role
  must(PutEndpoint{"r", "alice", spec});
  too_late(handshaker.expected.at(1));
  const dtls::Peer current = handshaker.expected.at(2);
  EXPECT_EQ(current.endpoint, old.endpoint);
  report(current, dtls::Result::secured);
  EXPECT_EQ(rooms->endpoint("r", "alice")->dtls_state, DtlsState::secured);
  spec.fingerprints.clear();  // none at present
  must(PutEndpoint{"r", "alice", spec});
  too_late(current);
}

TEST_F(Watch, AuthenticMediaSettlesTheHandshakeOnce) {
  publisher_and_viewer();
  rooms->tick();  // the first sample's time
  auto& received = workers->board(0).endpoints[ref_of(0).slot].received_packets;
  report(ref_of(0), dtls::Result::secured);
  report(ref_of(1), dtls::Result::secured);
  pass(seconds(1));
  EXPECT_THAT(handshaker.settled, IsEmpty()) << "nothing came yet";
  received.set(1);
  pass(seconds(1));
  EXPECT_THAT(handshaker.settled, ElementsAre(ref_of(0)));
  received.set(50);
  pass(seconds(1));
  EXPECT_EQ(handshaker.settled.size(), 1u) << "once";
}

TEST_F(Watch, MediaUnderOldKeysSettlesNoNewHandshake) {
  publisher_and_viewer();
  rooms->tick();  // the first sample's time
  auto& received = workers->board(0).endpoints[ref_of(0).slot].received_packets;
  report(ref_of(0), dtls::Result::secured);
  received.set(10);
  EndpointSpec other = browser();
  other.fingerprints.at(0).bytes.at(0) = 9;
  must(PutEndpoint{"r", "alice", other});
  pass(seconds(1));
  EXPECT_THAT(handshaker.settled, IsEmpty()) << "the new handshake is under way";
  report(ref_of(0), dtls::Result::secured);
  now.monotonic_ns += 1'000'000'000;
  rooms->tick();
  received.set(20);  // the worker has not heard of the new keys yet
  pass(seconds(1));
  EXPECT_THAT(handshaker.settled, IsEmpty());
  received.set(21);
  pass(seconds(1));
  EXPECT_THAT(handshaker.settled, ElementsAre(ref_of(0)));
}

TEST_F(Watch, EncodingsAndLayersAreTold) {
  publisher_and_viewer();
  sfu::Board& board = workers->board(0);
  const std::uint32_t cam = 1;  // the second track
  board.tracks[cam].encodings[2].active.set(1);
  board.tracks[cam].encodings[2].width.set(1'280);
  board.tracks[cam].encodings[2].height.set(720);
  board.dirty_tracks.mark(cam);
  board.subscriptions[0].target_spatial_layer.set(2);
  board.dirty_subscriptions.mark(0);
  pass(milliseconds(20));
  ASSERT_THAT(event_names(), ElementsAre("track.encoding", "subscription.layer"));
  EXPECT_EQ(events[0].track, "cam");
  EXPECT_EQ(events[0].encoding, 2u);
  EXPECT_EQ(events[0].active, true);
  EXPECT_EQ(events[0].height, 720u);
  EXPECT_FALSE(events[1].spatial_layer.has_value());
  EXPECT_EQ(events[1].target_spatial_layer, 2);
  board.dirty_tracks.mark(cam);  // nothing new
  board.subscriptions[0].spatial_layer.set(2);
  board.dirty_subscriptions.mark(0);
  pass(milliseconds(20));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[2].spatial_layer, 2);
  EXPECT_EQ(rooms->subscription("r", "bob", "s")->spatial_layer, 2);
  EXPECT_EQ(rooms->track("r", "alice", "cam")->encodings.at(2).width, 1'280u);
}

TEST_F(Watch, SizesThatKeepChangingAreToldOnceASecond) {
  publisher_and_viewer();
  sfu::Board& board = workers->board(0);
  const std::uint32_t cam = 1;  // the second track
  sfu::EncodingStatus& encoding = board.tracks[cam].encodings[0];
  const auto show = [&](bool active, std::uint64_t width) {
    encoding.active.set(active ? 1 : 0);
    encoding.width.set(width);
    encoding.height.set(width);
    board.dirty_tracks.mark(cam);
    pass(milliseconds(20));
  };
  show(true, 0);
  show(true, 320);  // the first size, at once
  ASSERT_EQ(events.size(), 2u);
  for (unsigned i = 0; i < 100; ++i) show(true, 640 + i);
  EXPECT_EQ(events.size(), 4u) << "two seconds";
  events.clear();
  show(true, 1'280);
  show(false, 1'280);
  show(true, 1'280);
  ASSERT_EQ(events.size(), 2u) << "activity is told at once";
  EXPECT_EQ(events[0].active, false);
  EXPECT_EQ(events[1].active, true);
  events.clear();
  pass(seconds(1));
  show(true, 160);
  show(true, 800);
  show(true, 801);
  EXPECT_EQ(events.size(), 1u);
  for (int i = 0; i < 100; ++i) pass(milliseconds(20));  // and nothing is marked any more
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].width, 801u) << "the last one";
}

TEST_F(Watch, LeasesRunOutUnlessRenewed) {
  must(PutRoom{"stays", {}});
  must(PutRoom{"by-put", {.lease = Lease{"o", 10}}});
  must(PutRoom{"by-step", {.lease = Lease{"o", 10}}});
  must(PutRoom{"by-owner", {.lease = Lease{"p", 10}}});
  must(PutRoom{"goes", {.lease = Lease{"o", 10}}});
  must(PutEndpoint{"goes", "e", browser()});
  EXPECT_EQ(rooms->room("goes")->lease_expires_unix_ms, now.unix_ms + 10'000);
  pass(seconds(6));
  EXPECT_FALSE(must(PutRoom{"by-put", {.lease = Lease{"o", 10}}}).changed);
  must(RenewLease{"by-step"});
  EXPECT_EQ(rooms->renew_leases("p"), 1u);
  EXPECT_EQ(rooms->renew_leases("nobody"), 0u);
  EXPECT_EQ(refusal(RenewLease{"stays"}).kind, ErrorKind::conflict);
  events.clear();
  pass(seconds(5));
  ASSERT_THAT(event_names(), ElementsAre("room.deleted"));
  EXPECT_EQ(events[0].room, "goes");
  EXPECT_THAT(events[0].reason, HasSubstr("'o'"));
  must(PutRoom{"by-put", {}});  // gives its lease up
  pass(seconds(6));
  std::vector<std::string> left;
  for (const RoomView& room : rooms->rooms("", 9)) left.push_back(room.id);
  EXPECT_THAT(left, ElementsAre("by-put", "stays"));
}

TEST_F(Watch, RatesAndTotalsSurviveWhoIsDeleted) {
  publisher_and_viewer();
  rooms->tick();  // the first sample's time
  auto& status = workers->board(0).endpoints[ref_of(0).slot];
  status.received_bytes.set(125'000);
  status.received_packets.set(100);
  pass(seconds(1));
  EXPECT_EQ(rooms->endpoint("r", "alice")->received_bit_rate, 1'000'000u);
  EXPECT_EQ(rooms->room("r")->received_bit_rate, 1'000'000u);
  EXPECT_EQ(rooms->statistics().workers.at(0).received_bit_rate, 1'000'000u);
  status.received_packets.set(150);
  must(DeleteEndpoint{"r", "alice"});
  status.received_packets.set(160);  // before the worker heard of it
  pass(milliseconds(20));
  EXPECT_EQ(rooms->statistics().totals().received_packets, 160u);
  must(PutEndpoint{"r", "alice", browser()});
  workers->apply();
  status.received_packets.set(5);
  pass(seconds(1));
  EXPECT_EQ(rooms->statistics().totals().received_packets, 165u);
}

TEST(EventHistory, ReplaysWhatItKeeps) {
  EventHistory history("0123456789abcdef", 3);
  EXPECT_EQ(history.replay(history.id(0), [](const Event&) {}), Resumption::complete);
  for (int i = 0; i < 5; ++i) history.publish({.room = std::to_string(i)});
  const auto numbers = [&history](std::string_view id) {
    std::vector<std::uint64_t> seen;
    const Resumption resumption = history.replay(id, [&seen](const Event& event) { seen.push_back(event.number); });
    return std::pair(resumption, seen);
  };
  using Seen = std::vector<std::uint64_t>;
  EXPECT_EQ(numbers(history.id(5)), std::pair(Resumption::complete, Seen{}));
  EXPECT_EQ(numbers(history.id(4)), std::pair(Resumption::complete, Seen{5}));
  EXPECT_EQ(numbers(history.id(2)), std::pair(Resumption::complete, Seen({3, 4, 5})));
  EXPECT_EQ(numbers(history.id(1)), std::pair(Resumption::gap, Seen{}));
  for (const char* id :
       {"", "x", "0123456789abcdef", "0123456789abcdef-", "0123456789abcdef-6", "0123456789abcdef-x",
        "0123456789abcdef-4x", "0123456789abcdef-18446744073709551616", "fedcba9876543210-4", "0123456789abcdef--1"}) {
    EXPECT_EQ(numbers(id), std::pair(Resumption::foreign, Seen{})) << id;
  }
}

TEST(EventHistory, ListenersComeAndGoWhileTheyAreTold) {
  EventHistory history("0123456789abcdef", 8);
  EventHistory::Ticket once, late;
  int first = 0, other = 0, latecomer = 0;
  once = history.listen([&](const Event&) {
    ++first;
    late = history.listen([&](const Event& event) { latecomer += event.number == 2 ? 1 : 100; });
    history.publish({.room = "answer"});  // comes after this one, for all
    once.reset();
  });
  const auto ticket = history.listen([&](const Event& event) {
    ++other;
    EXPECT_EQ(event.number, static_cast<std::uint64_t>(other));
  });
  history.publish({.room = "r"});
  EXPECT_EQ(first, 1);
  EXPECT_EQ(other, 2);
  EXPECT_EQ(latecomer, 1);
  EXPECT_EQ(history.listeners(), 2u);
}

TEST(EventHistory, AListenerThatThrowsSilencesNobody) {
  EventHistory history("0123456789abcdef", 8);
  std::vector<std::uint64_t> heard;
  const auto ticket = history.listen([&](const Event& event) {
    heard.push_back(event.number);
    if (event.number != 1) return;
    history.publish({.room = "second"});
    throw std::runtime_error("no memory for the first");
  });
  EXPECT_THROW(history.publish({.room = "first"}), std::runtime_error);
  history.publish({.room = "third"});
  EXPECT_EQ(heard, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(Watch, AListenerMayChangeTheModel) {
  const auto ticket_2 = rooms->events().listen([this](const Event& event) {
    if (event.type == EventType::room_created) must(PutEndpoint{event.room, "bot", browser()});
  });
  must(PutRoom{"r", {}});
  EXPECT_THAT(event_names(), ElementsAre("room.created", "endpoint.created"));
  EXPECT_TRUE(rooms->endpoint("r", "bot").has_value());
}

}  // namespace
}  // namespace penstock::control::rooms

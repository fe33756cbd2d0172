// WHIP and WHEP over the model: what clients send, are answered, and what becomes of it in the room.

#include "control/whip/whip.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "control/sdp/ice_fragment.h"
#include "control/sdp/parse.h"
#include "tests/control/rooms_fixture.h"
#include "tests/control/sdp_offers.h"
#include "tests/control/whip_tokens.h"

namespace penstock::control::whip {
namespace {

using http::Request;
using http::Response;
using sdp::recorded;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class WhipTest : public rooms::RoomsTest {
 protected:
  void SetUp() override {
    RoomsTest::SetUp();
    serve({.without_tokens = true});
  }
  void TearDown() override {
    whip.reset();
    RoomsTest::TearDown();
  }

  void serve(Options options) {
    options.clock = [] { return kNow; };
    router = {};
    whip = std::make_unique<Whip>(*rooms, std::move(options));
    whip->mount(router);
  }
  Response ask(std::string method, std::string target, http::Headers headers = {}, std::string body = {}) {
    const std::size_t question = target.find('?');
    Request request{.method = std::move(method),
                    .path = target.substr(0, question),
                    .query = question == std::string::npos ? "" : target.substr(question + 1)};
    request.headers = std::move(headers);
    request.body = std::move(body);
    Response response = router.answer(std::move(request));
    workers->apply();
    return response;
  }
  Response post(std::string target, const std::string& offer) {
    return ask("POST", std::move(target), {{"Content-Type", "application/sdp"}}, offer);
  }
  Response patch(const std::string& session, std::string if_match, std::string body) {
    return ask("PATCH", session,
               {{"Content-Type", "application/trickle-ice-sdpfrag"}, {"If-Match", std::move(if_match)}},
               std::move(body));
  }
  static std::string header(const Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or(""));
  }
  /// The session's path, and its id.
  std::string begun(const Response& response) {
    EXPECT_EQ(response.status, 201U) << response.body;
    return header(response, "Location");
  }
  static std::string id_of(const std::string& session) { return session.substr(session.rfind('/') + 1); }
  static std::string detail(const Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    return nlohmann::json::parse(response.body).value("detail", "");
  }

  std::string publish(const std::string& room = "lobby") {
    return begun(post("/whip/" + room, recorded("chromium_whip_simulcast")));
  }
  std::string play(const std::string& target = "/whep/lobby") { return begun(post(target, recorded("chromium_whep"))); }
  /// The endpoint whose track of that kind the viewer is shown; empty: none.
  std::string shown(const std::string& session, const std::string& subscription = "video") {
    const auto view = rooms->subscription("lobby", id_of(session), subscription);
    EXPECT_TRUE(view) << view.error().sentence;
    return view && view->spec.track ? view->spec.track->endpoint : "";
  }
  /// Packets of the track's first encoding come.
  void send(const std::string& session, const std::string& track = "video", std::uint64_t width = 0) {
    // Slots are told to workers in the order of their making; the latest SetTrack of that MID is the session's.
    const std::string mid = rooms->track("lobby", id_of(session), track)->spec.mid;
    std::uint32_t slot = sfu::kNoSlot;
    const auto endpoint = slot_of(session);
    for (const sfu::Update& update : workers->posted) {
      for (const auto& operation : update.operations) {
        const auto* set = std::get_if<sfu::SetTrack>(&operation);
        if (set != nullptr && set->parameters.endpoint == endpoint && set->parameters.mid.view() == mid)
          slot = set->slot;
      }
    }
    ASSERT_NE(slot, sfu::kNoSlot);
    workers->board(0).tracks[slot].encodings[0].active.set(1);
    workers->board(0).tracks[slot].encodings[0].width.set(width);
    workers->board(0).dirty_tracks.mark(slot);
    pass(milliseconds(20));
  }
  std::uint32_t slot_of(const std::string& session) {
    const std::string ufrag = rooms->endpoint("lobby", id_of(session))->ice_ufrag;
    for (const sfu::Update& update : workers->posted) {
      for (const auto& operation : update.operations) {
        const auto* add = std::get_if<sfu::AddEndpoint>(&operation);
        if (add != nullptr && std::string(add->parameters.ice.fragment.data(), 8) == ufrag) return add->slot;
      }
    }
    return sfu::kNoSlot;
  }

  http::Router router;
  std::unique_ptr<Whip> whip;
};

TEST_F(WhipTest, APublisherBecomesAnEndpointWithTracks) {
  const Response response = post("/whip/lobby", recorded("chromium_whip_simulcast"));
  const std::string session = begun(response);
  EXPECT_EQ(response.content_type, "application/sdp");
  EXPECT_THAT(session, StartsWith("/whip/lobby/whip-"));
  EXPECT_EQ(header(response, "Accept-Patch"), "application/trickle-ice-sdpfrag");

  const auto endpoint = rooms->endpoint("lobby", id_of(session));
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(header(response, "ETag"), '"' + endpoint->ice_ufrag + '"');
  EXPECT_TRUE(endpoint->spec.expire_when_lost);
  EXPECT_THAT(endpoint->tracks, ElementsAre("audio", "video"));
  const auto video = rooms->track("lobby", id_of(session), "video");
  EXPECT_THAT(video->spec.encodings, SizeIs(3));
  EXPECT_EQ(video->spec.encodings[0].rid, "q");
  EXPECT_THAT(response.body, AllOf(HasSubstr("a=ice-ufrag:" + endpoint->ice_ufrag + "\r\n"),
                                   HasSubstr("a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n"),
                                   HasSubstr("a=fingerprint:sha-256 " + endpoint->fingerprints.at(0).hex()),
                                   HasSubstr("a=simulcast:recv q;h;f\r\n")));
  EXPECT_EQ(whip->statistics().publishers, 1U);
}

TEST_F(WhipTest, EveryRecordedOfferIsAnswered) {
  for (const char* name : {"chromium_whip_simulcast", "chromium_call", "firefox_whip_simulcast", "aiortc_whip",
                           "gstreamer_whip", "ffmpeg_whip"}) {
    SCOPED_TRACE(name);
    const Response response = post("/whip/lobby", recorded(name));
    begun(response);
    EXPECT_TRUE(sdp::parse(response.body));
  }
  for (const char* name : {"chromium_whep", "firefox_whep", "aiortc_whep", "chromium_call"}) {
    SCOPED_TRACE(name);
    begun(post("/whep/lobby", recorded(name)));
  }
  EXPECT_EQ(whip->statistics().publishers, 6U);
  EXPECT_EQ(whip->statistics().players, 4U);
}

TEST_F(WhipTest, APlayerIsShownWhatIsPublished) {
  const std::string publisher = publish();
  const Response response = post("/whep/lobby", recorded("chromium_whep"));
  const std::string player = begun(response);
  EXPECT_EQ(shown(player, "audio"), id_of(publisher));
  EXPECT_EQ(shown(player, "video"), id_of(publisher));
  const auto video = rooms->subscription("lobby", id_of(player), "video");
  EXPECT_THAT(response.body, AllOf(HasSubstr("a=ssrc-group:FID " + std::to_string(*video->spec.ssrc) + " " +
                                             std::to_string(*video->spec.rtx_ssrc) + "\r\n"),
                                   HasSubstr("a=msid:lobby video\r\n"), HasSubstr("a=sendonly\r\n"),
                                   HasSubstr("cname:" + rooms->endpoint("lobby", id_of(player))->cname)));
}

TEST_F(WhipTest, APlayerThatComesFirstIsShownThePublisherThatComes) {
  const std::string player = play();
  EXPECT_EQ(shown(player), "");
  const std::string publisher = publish();
  EXPECT_EQ(shown(player), id_of(publisher));
  EXPECT_EQ(shown(player, "audio"), id_of(publisher));
}

TEST_F(WhipTest, APublisherThatReloadsIsFollowed) {
  const std::string before = publish();
  const std::string player = play();
  send(before);
  const std::string after = publish();  // the old endpoint is still there
  EXPECT_EQ(shown(player), id_of(before)) << "the new one has not sent anything yet";
  send(after);
  EXPECT_EQ(shown(player), id_of(after));
  EXPECT_EQ(shown(player, "audio"), id_of(before)) << "its audio has not come yet";
  send(after, "audio");
  EXPECT_EQ(shown(player, "audio"), id_of(after));
  EXPECT_EQ(ask("DELETE", before).status, 200U);
  EXPECT_EQ(shown(player), id_of(after));
}

TEST_F(WhipTest, WhenAPublisherLeavesAnotherIsShown) {
  const std::string first = publish();
  const std::string second = publish();
  const std::string player = play();
  EXPECT_EQ(shown(player), id_of(second)) << "the newest";
  ask("DELETE", second);
  EXPECT_EQ(shown(player), id_of(first));
  ask("DELETE", first);
  EXPECT_EQ(shown(player), "");
  EXPECT_EQ(shown(player, "audio"), "");
}

TEST_F(WhipTest, APlayerBetweenTwoWorkersFollowsWhenItHasArrived) {
  whip.reset();
  start(2);
  serve({.without_tokens = true});
  const std::string first = publish(), player = play();
  ASSERT_EQ(shown(player), id_of(first));
  report(handshaker.expected.back(), dtls::Result::secured);
  must(rooms::PatchEndpoint{"lobby", id_of(player), {.worker = std::uint16_t{1}}});
  EXPECT_EQ(ask("DELETE", first).status, 200U);
  const std::string second = publish();
  EXPECT_EQ(shown(player), "") << "it does not change while it moves";
  for (int i = 0; i < 4; ++i) pass(milliseconds(20));
  EXPECT_EQ(rooms->endpoint("lobby", id_of(player))->worker, 1U);
  EXPECT_EQ(shown(player), id_of(second));
}

TEST_F(WhipTest, APlayerMayChooseItsPublisher) {
  const std::string first = publish();
  const std::string second = publish();
  const std::string player = play("/whep/lobby?endpoint=" + id_of(first));
  EXPECT_EQ(shown(player), id_of(first));
  send(second);
  EXPECT_EQ(shown(player), id_of(first));
}

TEST_F(WhipTest, WhatTheApiChoseStays) {
  const std::string first = publish();
  const std::string second = publish();
  const std::string player = play();
  rooms::SubscriptionPatch patch;
  patch.track = rooms::TrackReference{id_of(first), "video"};
  patch.max_spatial_layer = 0;
  must(rooms::PatchSubscription{"lobby", id_of(player), "video", patch});
  ask("DELETE", second);
  EXPECT_EQ(shown(player), id_of(first));
  EXPECT_EQ(rooms->subscription("lobby", id_of(player), "video")->spec.max_spatial_layer, 0);
}

TEST_F(WhipTest, AnotherSizeMovesNobody) {
  const std::string first = publish();
  const std::string second = publish();
  const std::string player = play();
  send(second);
  rooms::SubscriptionPatch patch;
  patch.track = rooms::TrackReference{id_of(first), "video"};
  must(rooms::PatchSubscription{"lobby", id_of(player), "video", patch});
  const std::uint64_t before = rooms->events().latest();
  send(second, "video", 640);
  EXPECT_GT(rooms->events().latest(), before) << "the size is told";
  EXPECT_EQ(shown(player), id_of(first));
}

TEST_F(WhipTest, MoreViewersFollowThanABatchHolds) {
  RoomsTest::start(1, {2'000, 200, 4'000});
  serve({.without_tokens = true});
  std::vector<std::string> players;
  for (int i = 0; i < 1'100; ++i) players.push_back(play());
  must(rooms::DeleteEndpoint{"lobby", id_of(players.back())});
  players.pop_back();
  const std::string publisher = publish();
  for (const std::string& player : players) ASSERT_EQ(shown(player), id_of(publisher));
}

TEST_F(WhipTest, ASessionEndsByDelete) {
  const std::string session = publish();
  EXPECT_EQ(ask("DELETE", session).status, 200U);
  EXPECT_FALSE(rooms->endpoint("lobby", id_of(session)));
  EXPECT_EQ(ask("DELETE", session).status, 404U);
  EXPECT_EQ(whip->statistics().publishers, 0U);
}

TEST_F(WhipTest, ASessionEndsWithItsClient) {
  const std::string session = publish();
  pass(seconds(31));  // it never connected
  EXPECT_EQ(whip->statistics().publishers, 0U);
  EXPECT_EQ(patch(session, "*", "a=end-of-candidates\r\n").status, 404U);
}

TEST_F(WhipTest, ARoomThatWasMadeGoesWithItsLastEndpoint) {
  const std::string publisher = publish();
  const std::string player = play();
  ask("DELETE", publisher);
  EXPECT_TRUE(rooms->room("lobby"));
  ask("DELETE", player);
  EXPECT_FALSE(rooms->room("lobby"));
}

TEST_F(WhipTest, ARoomOfSignalingStays) {
  must(rooms::PutRoom{"lobby", {}});
  ask("DELETE", publish());
  EXPECT_TRUE(rooms->room("lobby"));
}

TEST_F(WhipTest, SignalingMayTakeARoomOver) {
  const std::string session = publish();
  must(rooms::PutRoom{"lobby", {}});
  ask("DELETE", session);
  EXPECT_TRUE(rooms->room("lobby"));
}

TEST_F(WhipTest, SessionsGoWithTheirRoom) {
  const std::string session = publish();
  must(rooms::DeleteRoom{"lobby"});
  EXPECT_EQ(whip->statistics().publishers, 0U);
  EXPECT_EQ(ask("DELETE", session).status, 404U);
}

TEST_F(WhipTest, TrickledCandidatesNeedTheEntityTag) {
  const Response response = post("/whip/lobby", recorded("chromium_whip_simulcast"));
  const std::string session = begun(response), tag = header(response, "ETag");
  const std::string body =
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ttPe\r\n"
      "a=ice-pwd:9mg/hqxLDj787ZIwoS9l2vF7\r\na=candidate:1 1 udp 1 192.0.2.9 5 typ host\r\n";
  const Response trickled = patch(session, tag, body);
  EXPECT_EQ(trickled.status, 204U);
  EXPECT_FALSE(trickled.headers.contains("ETag"));
  EXPECT_EQ(patch(session, "\"other\"", body).status, 412U);
  EXPECT_EQ(ask("PATCH", session, {{"Content-Type", "application/trickle-ice-sdpfrag"}}, body).status, 428U);
  EXPECT_EQ(patch(session, tag, "v=0\r\n").status, 400U);
  const Response wrong_type = ask("PATCH", session, {{"Content-Type", "application/sdp"}, {"If-Match", tag}}, body);
  EXPECT_EQ(wrong_type.status, 415U);
  EXPECT_EQ(header(wrong_type, "Accept-Patch"), "application/trickle-ice-sdpfrag");
}

TEST_F(WhipTest, IceRestarts) {
  const Response response = post("/whip/lobby", recorded("chromium_whip_simulcast"));
  const std::string session = begun(response);
  const std::string body = "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n";
  const Response restarted = patch(session, "*", body);
  ASSERT_EQ(restarted.status, 200U) << restarted.body;
  EXPECT_EQ(restarted.content_type, "application/trickle-ice-sdpfrag");
  const auto fragment = sdp::read_ice_fragment(restarted.body);
  ASSERT_TRUE(fragment);
  const auto endpoint = rooms->endpoint("lobby", id_of(session));
  EXPECT_EQ(fragment->ice_ufrag, endpoint->ice_ufrag);
  EXPECT_EQ(fragment->ice_pwd, endpoint->ice_pwd);
  EXPECT_EQ(endpoint->spec.ice_ufrag, "ysXw");
  EXPECT_THAT(endpoint->tracks, SizeIs(2)) << "everything else stays";
  EXPECT_EQ(header(restarted, "ETag"), '"' + endpoint->ice_ufrag + '"');
  EXPECT_NE(header(restarted, "ETag"), header(response, "ETag"));
  EXPECT_EQ(patch(session, header(response, "ETag"), "a=end-of-candidates\r\n").status, 412U) << "of the past";
  EXPECT_EQ(patch(session, header(restarted, "ETag"), "a=end-of-candidates\r\n").status, 204U);
}

TEST_F(WhipTest, SessionsAreFoundUnderTheirOwnPathAlone) {
  const std::string session = publish();
  EXPECT_EQ(ask("DELETE", "/whep/lobby/" + id_of(session)).status, 404U);
  EXPECT_EQ(ask("DELETE", "/whip/other/" + id_of(session)).status, 404U);
  EXPECT_TRUE(rooms->endpoint("lobby", id_of(session)));
}

TEST_F(WhipTest, EndpointsOfTheApiAreNoSessions) {
  must(rooms::PutRoom{"lobby", {}});
  must(rooms::PutEndpoint{"lobby", "alice", rooms::browser()});
  EXPECT_EQ(ask("DELETE", "/whip/lobby/alice").status, 404U);
  EXPECT_TRUE(rooms->endpoint("lobby", "alice"));
}

TEST_F(WhipTest, WhatCannotBeAnsweredSaysWhyAndChangesNothing) {
  const std::string before = rooms->digest();
  const Response type = ask("POST", "/whip/lobby", {{"Content-Type", "text/plain"}}, recorded("obs_whip"));
  EXPECT_EQ(type.status, 415U);
  EXPECT_EQ(header(type, "Accept-Post"), "application/sdp");
  const Response text = post("/whip/lobby", "hello");
  EXPECT_EQ(text.status, 400U);
  EXPECT_THAT(detail(text), HasSubstr("line 1"));
  const Response codec = post("/whip/lobby", recorded("obs_whip"));
  EXPECT_EQ(codec.status, 422U);
  EXPECT_THAT(detail(codec), HasSubstr("m=video offers H264; Penstock takes opus and VP8"));
  EXPECT_EQ(post("/whip/" + std::string(65, 'x'), recorded("obs_whip")).status, 404U);
  EXPECT_EQ(post("/whip/a%20b", recorded("obs_whip")).status, 404U);
  EXPECT_EQ(rooms->digest(), before);
}

TEST_F(WhipTest, AFullRoomIsToBeTriedAgain) {
  rooms::RoomSpec spec;
  spec.limits.endpoints = 1;
  must(rooms::PutRoom{"lobby", spec});
  publish();
  const Response refused = post("/whip/lobby", recorded("chromium_whip_simulcast"));
  EXPECT_EQ(refused.status, 503U);
  EXPECT_NE(header(refused, "Retry-After"), "");
  EXPECT_THAT(detail(refused), HasSubstr("limit"));
}

TEST_F(WhipTest, PagesOfOtherOriginsMayUseIt) {
  const Response preflight =
      ask("OPTIONS", "/whip/lobby", {{"Origin", "https://example.org"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(preflight.status, 200U);
  EXPECT_EQ(header(preflight, "Accept-Post"), "application/sdp");
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Origin"), "*");
  EXPECT_THAT(header(preflight, "Access-Control-Allow-Methods"),
              AllOf(HasSubstr("POST"), HasSubstr("PATCH"), HasSubstr("DELETE")));
  EXPECT_THAT(header(preflight, "Access-Control-Allow-Headers"),
              AllOf(HasSubstr("Authorization"), HasSubstr("Content-Type"), HasSubstr("If-Match")));
  for (const Response& response : {post("/whip/lobby", recorded("chromium_whip_simulcast")), post("/whip/lobby", "")}) {
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "*");
    EXPECT_THAT(header(response, "Access-Control-Expose-Headers"),
                AllOf(HasSubstr("Location"), HasSubstr("ETag"), HasSubstr("Link")));
  }
  EXPECT_EQ(header(ask("OPTIONS", publish()), "Accept-Patch"), "application/trickle-ice-sdpfrag");
}

TEST_F(WhipTest, ThereIsNothingToGet) {
  EXPECT_EQ(ask("GET", "/whip/lobby").status, 204U);
  EXPECT_EQ(ask("HEAD", "/whep/lobby").status, 204U);
  EXPECT_EQ(ask("PUT", "/whip/lobby").status, 405U);
  EXPECT_EQ(ask("POST", "/whip/lobby/x").status, 405U);
}

TEST_F(WhipTest, IceServersAreLinks) {
  std::string user;
  serve({.without_tokens = true, .ice_servers = [&user](std::string_view name) -> std::vector<IceServer> {
           user = name;
           return {{"stun:192.0.2.1:3478"}, {"turn:192.0.2.1:3478?transport=udp", user, "pass\"word"}};
         }});
  const Response response = post("/whip/lobby", recorded("chromium_whip_simulcast"));
  std::vector<std::string> links;
  for (const auto& [name, value] : response.headers) {
    if (name == "Link") links.push_back(value);
  }
  EXPECT_THAT(links, ElementsAre("<stun:192.0.2.1:3478>; rel=\"ice-server\"",
                                 "<turn:192.0.2.1:3478?transport=udp>; rel=\"ice-server\"; username=\"" + user +
                                     "\"; credential=\"pass\\\"word\"; credential-type=\"password\""));
  EXPECT_NE(user, id_of(begun(response))) << "a session's id does not travel in the clear";
}

class WhipTokenTest : public WhipTest {
 protected:
  void SetUp() override {
    WhipTest::SetUp();
    serve({.secrets = {kSecret}});
  }
  Response with_token(std::string method, std::string target, const std::string& token, std::string body = {}) {
    http::Headers headers{{"Content-Type", "application/sdp"}};
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
    return ask(std::move(method), std::move(target), std::move(headers), std::move(body));
  }
};

TEST_F(WhipTokenTest, ATokenIsForOneRoomAndOneRole) {
  const std::string offer = recorded("chromium_whip_simulcast");
  const Response none = with_token("POST", "/whip/lobby", "", offer);
  EXPECT_EQ(none.status, 401U);
  EXPECT_EQ(header(none, "WWW-Authenticate"), "Bearer realm=\"penstock\"");
  const Response bad = with_token("POST", "/whip/lobby", "x.y.z", offer);
  EXPECT_EQ(bad.status, 401U);
  EXPECT_THAT(header(bad, "WWW-Authenticate"), HasSubstr("error=\"invalid_token\""));
  EXPECT_EQ(with_token("POST", "/whip/lobby", token_for("lobby", "publish", kNow - 1), offer).status, 401U);
  const Response room = with_token("POST", "/whip/lobby", token_for("other", "publish"), offer);
  EXPECT_EQ(room.status, 403U);
  EXPECT_THAT(header(room, "WWW-Authenticate"), HasSubstr("error=\"insufficient_scope\""));
  EXPECT_EQ(with_token("POST", "/whip/lobby", token_for("lobby", "subscribe"), offer).status, 403U);
  EXPECT_EQ(with_token("POST", "/whep/lobby", token_for("lobby", "publish"), offer).status, 403U);
  EXPECT_FALSE(rooms->room("lobby"));
  EXPECT_EQ(with_token("POST", "/whip/lobby", token_for("lobby", "publish"), offer).status, 201U);
  EXPECT_EQ(with_token("POST", "/whep/lobby", token_for("lobby", "subscribe"), recorded("chromium_whep")).status, 201U);
}

TEST_F(WhipTokenTest, ASessionIsForWhoeverBeganItOrMay) {
  const std::string token = token_for("lobby", "publish");
  const std::string session = begun(with_token("POST", "/whip/lobby", token, recorded("chromium_whip_simulcast")));
  EXPECT_EQ(with_token("DELETE", session, "").status, 401U);
  EXPECT_EQ(with_token("DELETE", session, token_for("lobby", "subscribe")).status, 403U);
  EXPECT_EQ(with_token("DELETE", session, token_for("other", "publish")).status, 403U);
  whip->set_secrets({kOtherSecret});
  EXPECT_EQ(with_token("DELETE", session, token_for("lobby", "publish", kNow + 99)).status, 401U);
  EXPECT_EQ(with_token("DELETE", session, token).status, 200U)
      << "the one that began it, whatever became of its secret";
}

TEST_F(WhipTokenTest, WithoutATokenNobodyLearnsOfSessions) {
  EXPECT_EQ(with_token("DELETE", "/whip/lobby/whip-nothing", "").status, 401U);
  EXPECT_EQ(with_token("DELETE", "/whip/lobby/whip-nothing", token_for("lobby", "publish")).status, 404U);
}

TEST_F(WhipTokenTest, PreflightsNeedNone) {
  EXPECT_EQ(ask("OPTIONS", "/whip/lobby").status, 200U);
  EXPECT_EQ(header(ask("POST", "/whip/lobby"), "Access-Control-Allow-Origin"), "*") << "errors are readable too";
}

TEST_F(WhipTokenTest, NoSecretIsNoEntry) {
  serve({});
  EXPECT_EQ(
      with_token("POST", "/whip/lobby", token_for("lobby", "publish"), recorded("chromium_whip_simulcast")).status,
      401U);
}

}  // namespace
}  // namespace penstock::control::whip

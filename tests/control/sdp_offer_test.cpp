// What clients offer, read: the recorded offers, and what no client should send.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/sdp/offer.h"
#include "tests/control/sdp_offers.h"

namespace penstock::control::sdp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(SdpOffer, ChromiumSimulcast) {
  const Offer offer = offer_of(recorded("chromium_whip_simulcast"));
  EXPECT_THAT(offer.bundle, ElementsAre(0U, 1U));
  EXPECT_TRUE(offer.extmap_allow_mixed);
  ASSERT_THAT(offer.sections, SizeIs(2));
  const Section& audio = offer.sections[0];
  EXPECT_EQ(audio.mid, "0");
  EXPECT_EQ(audio.direction, Direction::sendonly);
  EXPECT_EQ(audio.codec(111)->name, "opus");
  EXPECT_EQ(audio.codec(111)->channels, 2);
  EXPECT_EQ(*audio.codec(111)->parameter("minptime"), "10");
  EXPECT_TRUE(audio.codec(111)->has_feedback("transport-cc"));
  EXPECT_THAT(audio.candidates, SizeIs(4));
  EXPECT_EQ(audio.transport.ice_ufrag, "ttPe");
  EXPECT_EQ(audio.transport.setup, Setup::actpass);
  EXPECT_EQ(audio.transport.fingerprints.at(0).algorithm, "sha-256");
  EXPECT_EQ(audio.sources.at(0).cname, "3ukE5A3IeLg1cyVm");
  const Section& video = offer.sections[1];
  EXPECT_TRUE(video.rtcp_mux);
  EXPECT_TRUE(video.rtcp_rsize);
  EXPECT_EQ(video.codec(97)->associated_payload_type(), 96);
  EXPECT_EQ(video.msids.at(0).track, "46e2ae44-d34d-4983-ba3a-89c31183f71e");
  ASSERT_THAT(video.simulcast.send, SizeIs(3));
  EXPECT_EQ(video.simulcast.send[0].at(0).rid, "q");
  EXPECT_TRUE(video.rid("f")->send);
}

TEST(SdpOffer, FirefoxSaysMuchAtSessionLevel) {
  const Offer offer = offer_of(recorded("firefox_whip_simulcast"));
  const Section& video = offer.sections.at(1);
  EXPECT_EQ(video.port, 0);
  EXPECT_FALSE(video.is_disabled()) << "port 0 of a bundle-only section refuses nothing";
  EXPECT_THAT(video.transport.fingerprints, SizeIs(1)) << "from the session";
  EXPECT_THAT(video.groups, SizeIs(3));
  EXPECT_THAT(offer.sections[0].candidates, testing::Contains(testing::Field(&Candidate::component, 2)));
  EXPECT_TRUE(offer.sections[0].end_of_candidates);
  EXPECT_EQ(*video.codec(120)->parameter("max-fs"), "12288") << "a=fmtp comes before a=rtpmap";
}

TEST(SdpOffer, AiortcHasCredentialsPerSection) {
  const Offer offer = offer_of(recorded("aiortc_whip"));
  EXPECT_EQ(offer.sections.at(0).transport.ice_ufrag, "w0XG");
  EXPECT_EQ(offer.sections.at(1).transport.ice_ufrag, "fZBU");
}

TEST(SdpOffer, GstreamerHasNoExtensions) {
  const Offer offer = offer_of(recorded("gstreamer_whip"));
  EXPECT_EQ(offer.sections.at(0).mid, "audio0");
  EXPECT_THAT(offer.sections[0].extensions, SizeIs(0));
  EXPECT_THAT(offer.sections.at(1).groups.at(0).ssrcs, ElementsAre(3405437965U, 4274221216U));
  EXPECT_TRUE(offer.sections[1].bundle_only);
}

TEST(SdpOffer, ADataChannelIsASectionToo) {
  const Offer offer = offer_of(recorded("chromium_call"));
  ASSERT_THAT(offer.sections, SizeIs(3));
  EXPECT_EQ(offer.sections[2].kind, "application");
  EXPECT_THAT(offer.sections[2].formats, ElementsAre("webrtc-datachannel"));
  EXPECT_THAT(offer.sections[2].codecs, SizeIs(0));
}

TEST(SdpOffer, AFeedbackForAllFormats) {
  const Offer offer = offer_of(with(recorded("obs_whip"), "a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:* nack\r\n"));
  EXPECT_TRUE(offer.sections.at(1).codec(96)->has_feedback("nack"));
}

TEST(SdpOffer, SimulcastWithPausesAndAlternatives) {
  const Offer offer = offer_of(
      with(recorded("chromium_whip_simulcast"), "a=simulcast:send q;h;f", "a=simulcast:send q,~h;~f recv x;y"));
  const Simulcast& simulcast = offer.sections.at(1).simulcast;
  ASSERT_THAT(simulcast.send, SizeIs(2));
  EXPECT_EQ(simulcast.send[0].at(1).rid, "h");
  EXPECT_TRUE(simulcast.send[0].at(1).paused);
  EXPECT_FALSE(simulcast.send[0].at(0).paused);
  EXPECT_TRUE(simulcast.send[1].at(0).paused);
  EXPECT_THAT(simulcast.receive, SizeIs(2));
}

TEST(SdpOffer, RidRestrictions) {
  const Offer offer =
      offer_of(with(recorded("chromium_whip_simulcast"), "a=rid:q send", "a=rid:q send pt=96,98;max-width=320"));
  const RidLine* rid = offer.sections.at(1).rid("q");
  EXPECT_THAT(rid->payload_types, ElementsAre(96, 98));
  EXPECT_EQ(rid->restrictions.at(0).name, "max-width");
  EXPECT_EQ(rid->restrictions.at(0).value, "320");
}

struct Broken {
  const char* name;
  const char* from;
  const char* to;
  const char* reason;
};

const Broken kBroken[] = {
    {"payload_type_128", "SAVPF 111", "SAVPF 128", "no payload type in '128'"},
    {"payload_type_twice", "SAVPF 111 63", "SAVPF 111 111", "payload type 111 twice"},
    {"rtpmap_without_rate", "opus/48000/2", "opus", "not NAME/CLOCK-RATE"},
    {"rtpmap_rate_zero", "opus/48000/2", "opus/0", "not NAME/CLOCK-RATE"},
    {"rtpmap_twice", "a=rtpmap:63 red", "a=rtpmap:111 red", "maps one payload type twice"},
    {"extmap_id_zero", "a=extmap:1 ", "a=extmap:0 ", "no id from 1 to 255"},
    {"extmap_twice", "a=extmap:2 ", "a=extmap:1 ", "id 1 is there twice"},
    {"extmap_without_uri", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=extmap:1", "no URI"},
    {"extmap_direction", "a=extmap:1 ", "a=extmap:1/up ", "no direction in 'up'"},
    {"ssrc_too_large", "a=ssrc:1633724491", "a=ssrc:4294967296", "no SSRC in '4294967296'"},
    {"mid_twice", "a=mid:1", "a=mid:0", "two m-sections have the MID '0'"},
    {"mid_with_spaces", "a=mid:1", "a=mid:1 2", "no token"},
    {"unknown_mid_in_group", "BUNDLE 0 1", "BUNDLE 0 2", "names '2', which no m-section has"},
    {"mid_twice_in_group", "BUNDLE 0 1", "BUNDLE 0 0", "names '0' twice"},
    {"short_ufrag", "a=ice-ufrag:ttPe", "a=ice-ufrag:ttP", "a=ice-ufrag is not 4 to 256"},
    {"short_password", "a=ice-pwd:9mg/", "a=ice-pwd:", "a=ice-pwd is not 22 to 256"},
    {"fingerprint", "sha-256 99:51", "sha-256 9951", "a=fingerprint is not HASH"},
    {"setup", "a=setup:actpass", "a=setup:any", "no role in 'any'"},
    {"rid_direction", "a=rid:q send", "a=rid:q up", "neither send nor recv"},
    {"rid_twice", "a=rid:q send", "a=rid:h send", "'h' is there twice"},
    {"simulcast_empty_stream", "send q;h;f", "send q;;f", "empty stream"},
    {"simulcast_direction", "simulcast:send q;h;f", "simulcast: q;h;f", "not 'send LIST"},
};

class SdpBroken : public testing::TestWithParam<Broken> {};

TEST_P(SdpBroken, IsAnErrorWithItsLine) {
  const std::string text = with(recorded("chromium_whip_simulcast"), GetParam().from, GetParam().to);
  const auto offer = read_offer(text);
  ASSERT_FALSE(offer);
  EXPECT_THAT(to_string(offer.error()), HasSubstr(GetParam().reason));
  EXPECT_GT(offer.error().line, 0U);
}

INSTANTIATE_TEST_SUITE_P(, SdpBroken, testing::ValuesIn(kBroken), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace penstock::control::sdp

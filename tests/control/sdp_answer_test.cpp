// What is taken of the recorded offers, and how it is answered.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/sdp/answer.h"
#include "control/sdp/parse.h"
#include "control/sdp/write.h"
#include "tests/control/sdp_offers.h"

namespace penstock::control::sdp {
namespace {

using rtp::Extension;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const LocalTransport kTransport{
    "ufragufr",
    "passwordpasswordpassword",
    {{"sha-256", "AB:CD"}},
    {{net::Address::v4(0xc0000201), 40000}, {net::parse_address("2001:db8::1").value(), 40000}}};

std::string answer_text(const Offer& offer, Role role, std::vector<std::optional<Sending>> sending = {}) {
  return write(make_answer(offer, negotiated(offer, role), {1234, kTransport, "ourcname", std::move(sending)}));
}

std::vector<std::string> rids(const AcceptedSection& section) {
  std::vector<std::string> ids;
  for (const Encoding& e : section.encodings) ids.push_back(e.rid);
  return ids;
}

TEST(SdpNegotiate, ChromiumSimulcast) {
  const Negotiated n = negotiated(offer_of(recorded("chromium_whip_simulcast")), Role::publisher);
  const AcceptedSection& audio = n.sections.at(0).value();
  EXPECT_EQ(audio.codec, sfu::Codec::opus);
  EXPECT_EQ(audio.payload_type, 111);
  EXPECT_EQ(audio.rtx_payload_type, sfu::kNoPayloadType);
  EXPECT_TRUE(audio.feedback.transport);
  EXPECT_EQ(audio.extensions[Extension::audio_level], 1);
  EXPECT_EQ(audio.extensions[Extension::mid], 4);
  EXPECT_EQ(audio.encodings.at(0).ssrc, 1633724491U);
  const AcceptedSection& video = n.sections.at(1).value();
  EXPECT_EQ(video.codec, sfu::Codec::vp8);
  EXPECT_EQ(video.payload_type, 96);
  EXPECT_EQ(video.rtx_payload_type, 97);
  EXPECT_TRUE(video.feedback.nack && video.feedback.pli && video.feedback.fir && video.feedback.remb);
  EXPECT_EQ(video.extensions[Extension::rid], 10);
  EXPECT_EQ(video.extensions[Extension::repaired_rid], 11);
  EXPECT_EQ(video.extensions[Extension::transport_sequence], 3);
  EXPECT_EQ(video.extensions[Extension::video_orientation], 13);
  EXPECT_THAT(rids(video), ElementsAre("q", "h", "f"));
  EXPECT_EQ(n.transport.ice_ufrag, "ttPe");
  EXPECT_EQ(n.setup, Setup::passive);
}

TEST(SdpAnswer, ToChromiumSimulcast) {
  EXPECT_EQ(answer_text(offer_of(recorded("chromium_whip_simulcast")), Role::publisher),
            "v=0\r\n"
            "o=- 1234 1 IN IP4 127.0.0.1\r\n"
            "s=-\r\n"
            "t=0 0\r\n"
            "a=group:BUNDLE 0 1\r\n"
            "a=ice-lite\r\n"
            "a=ice-options:trickle ice2\r\n"
            "m=audio 40000 UDP/TLS/RTP/SAVPF 111\r\n"
            "c=IN IP4 192.0.2.1\r\n"
            "a=ice-ufrag:ufragufr\r\n"
            "a=ice-pwd:passwordpasswordpassword\r\n"
            "a=fingerprint:sha-256 AB:CD\r\n"
            "a=setup:passive\r\n"
            "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host\r\n"
            "a=candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host\r\n"
            "a=end-of-candidates\r\n"
            "a=mid:0\r\n"
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
            "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
            "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            "a=recvonly\r\n"
            "a=rtcp-mux\r\n"
            "a=rtcp-rsize\r\n"
            "a=rtpmap:111 opus/48000/2\r\n"
            "a=rtcp-fb:111 transport-cc\r\n"
            "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
            "m=video 40000 UDP/TLS/RTP/SAVPF 96 97\r\n"
            "c=IN IP4 192.0.2.1\r\n"
            "a=ice-ufrag:ufragufr\r\n"
            "a=ice-pwd:passwordpasswordpassword\r\n"
            "a=fingerprint:sha-256 AB:CD\r\n"
            "a=setup:passive\r\n"
            "a=mid:1\r\n"
            "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
            "a=extmap:13 urn:3gpp:video-orientation\r\n"
            "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
            "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"
            "a=recvonly\r\n"
            "a=rtcp-mux\r\n"
            "a=rtcp-rsize\r\n"
            "a=rtpmap:96 VP8/90000\r\n"
            "a=rtcp-fb:96 goog-remb\r\n"
            "a=rtcp-fb:96 transport-cc\r\n"
            "a=rtcp-fb:96 ccm fir\r\n"
            "a=rtcp-fb:96 nack\r\n"
            "a=rtcp-fb:96 nack pli\r\n"
            "a=rtpmap:97 rtx/90000\r\n"
            "a=fmtp:97 apt=96\r\n"
            "a=rid:q recv\r\n"
            "a=rid:h recv\r\n"
            "a=rid:f recv\r\n"
            "a=simulcast:recv q;h;f\r\n");
}

TEST(SdpAnswer, ToAPlayerNamesWhatWeSend) {
  const Offer offer = offer_of(recorded("chromium_whep"));
  const std::string text =
      answer_text(offer, Role::player, {Sending{11, 0, {"stream", "audio"}}, Sending{21, 22, {"stream", "video"}}});
  EXPECT_THAT(text, AllOf(HasSubstr("a=sendonly\r\n"), HasSubstr("a=msid:stream video\r\n"),
                          HasSubstr("a=ssrc-group:FID 21 22\r\n"), HasSubstr("a=ssrc:22 cname:ourcname\r\n"),
                          HasSubstr("a=ssrc:11 msid:stream audio\r\n")));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("rtp-stream-id")), Not(HasSubstr("a=rid")), Not(HasSubstr("recvonly"))))
      << "a player gets one encoding";
}

TEST(SdpAnswer, ExtensionsThatFlowOneWayAreTurnedAround) {
  const Offer offer = offer_of(recorded("firefox_whip_simulcast"));
  EXPECT_THAT(answer_text(offer, Role::publisher),
              HasSubstr("a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"));
}

TEST(SdpAnswer, RejectedSectionsKeepTheirPlaceAndMid) {
  const Offer offer = offer_of(recorded("chromium_call"));
  const auto answer = parse(answer_text(offer, Role::publisher));
  ASSERT_TRUE(answer) << to_string(answer.error());
  ASSERT_THAT(answer->media, SizeIs(3));
  EXPECT_EQ(answer->media[2].port, 0);
  EXPECT_THAT(answer->media[2].formats, ElementsAre("webrtc-datachannel"));
  EXPECT_EQ(find(answer->media[2].attributes, "mid")->value, "2");
  EXPECT_EQ(find(answer->attributes, "group")->value, "BUNDLE 0 1") << "it is not in the group any more";
}

TEST(SdpNegotiate, FirefoxSimulcastByRid) {
  const Negotiated n = negotiated(offer_of(recorded("firefox_whip_simulcast")), Role::publisher);
  EXPECT_THAT(rids(*n.sections.at(1)), ElementsAre("q", "h", "f"));
  EXPECT_EQ(n.sections[1]->rtx_payload_type, 124);
  EXPECT_EQ(n.sections[0]->payload_type, 109);
  EXPECT_THAT(n.transport.fingerprints, SizeIs(1));
}

TEST(SdpNegotiate, GstreamerBySsrc) {
  const Negotiated n = negotiated(offer_of(recorded("gstreamer_whip")), Role::publisher);
  EXPECT_EQ(n.sections.at(0)->rtx_payload_type, 98) << "it offers NACK and RTX for audio too";
  EXPECT_FALSE(n.sections[0]->feedback.transport) << "without the extension there is nothing to report on";
  ASSERT_THAT(n.sections.at(1)->encodings, SizeIs(1));
  EXPECT_EQ(n.sections[1]->encodings[0].ssrc, 3405437965U);
  EXPECT_EQ(n.sections[1]->encodings[0].rtx_ssrc, 4274221216U);
}

TEST(SdpNegotiate, AiortcsSecondMeaningOfAnIdIsNotTaken) {
  const Negotiated n = negotiated(offer_of(recorded("aiortc_whip")), Role::publisher);
  EXPECT_EQ(n.sections.at(0)->extensions[Extension::audio_level], 2);
  EXPECT_EQ(n.sections.at(1)->extensions[Extension::abs_send_time], 0);
  EXPECT_EQ(n.sections[1]->extensions[Extension::mid], 1);
  EXPECT_EQ(n.transport.ice_ufrag, "w0XG") << "of the bundle's first section";
}

TEST(SdpNegotiate, CredentialsAreThoseOfTheSectionThatCarriesTheTransport) {
  // The first of the group is rejected, so the second takes its place.
  std::string text = with(recorded("aiortc_whep"), "96 opus/48000/2", "96 speex/16000");
  const Offer offer = offer_of(text);
  const Negotiated n = negotiated(offer, Role::player);
  EXPECT_FALSE(n.sections.at(0));
  EXPECT_EQ(n.tagged, 1U);
  EXPECT_EQ(n.transport.ice_ufrag, offer.sections.at(1).transport.ice_ufrag);
  const auto answer = make_answer(offer, n, {1, kTransport, "c", {}});
  EXPECT_NE(find(answer.media.at(1).attributes, "candidate"), nullptr);
  EXPECT_EQ(find(answer.attributes, "group")->value, "BUNDLE 1");
}

TEST(SdpNegotiate, ABundledSectionMayLeaveTheTransportToTheFirst) {
  std::string text = recorded("gstreamer_whip");
  const std::size_t video = text.find("m=video");
  std::string rest = text.substr(video);
  for (const char* line : {"a=setup:actpass\r\n", "a=ice-ufrag:QMqQjbrA5lRW4vXVv+gvVho+yOoPWRqk\r\n",
                           "a=ice-pwd:0+X/lOAYKiXjFi/u52k26szctwhwdQni\r\n"}) {
    rest = with(rest, line, "");
  }
  text = with(text.substr(0, video), "97 OPUS/48000/2", "97 L16/48000/2") + rest;
  const Negotiated n = negotiated(offer_of(with(text, "a=sendonly", "a=inactive")), Role::publisher);
  EXPECT_EQ(n.transport.ice_ufrag, "QMqQjbrA5lRW4vXVv+gvVho+yOoPWRqk");
}

TEST(SdpNegotiate, ActiveOnlyWhenTheOfferIsPassive) {
  const std::string ffmpeg = recorded("ffmpeg_whip");
  EXPECT_EQ(negotiated(offer_of(ffmpeg), Role::publisher).setup, Setup::active);
  EXPECT_EQ(negotiated(offer_of(with(ffmpeg, "a=setup:passive", "a=setup:active")), Role::publisher).setup,
            Setup::passive);
}

TEST(SdpNegotiate, ARetransmissionFormatThatTheLineLacksIsNotTaken) {
  const Negotiated n = negotiated(offer_of(recorded("ffmpeg_whip")), Role::publisher);
  EXPECT_EQ(n.sections.at(1)->rtx_payload_type, sfu::kNoPayloadType);
  EXPECT_EQ(n.sections[1]->encodings.at(0).rtx_ssrc, 0U);
}

TEST(SdpNegotiate, StereoIsAnsweredWithStereo) {
  const Offer offer = offer_of(recorded("firefox_whep"));
  EXPECT_THAT(answer_text(offer, Role::player),
              HasSubstr("a=fmtp:109 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"));
}

struct Layers {
  const char* name;
  const char* rids;  ///< separated by spaces, with restrictions behind '='
  const char* simulcast;
  std::vector<std::string> ascending;
};

const Layers kLayers[] = {
    {"as_listed", "1 2 3", "1;2;3", {"1", "2", "3"}},
    {"fractions_descending", "f h q", "f;h;q", {"q", "h", "f"}},
    {"words", "high low mid", "high;low;mid", {"low", "mid", "high"}},
    {"restrictions", "a=max-width=1280 b=max-width=640 c=max-width=320", "a;b;c", {"c", "b", "a"}},
    {"paused_is_taken", "q h", "q;~h", {"q", "h"}},
    {"first_alternative", "q h f", "q,h;f", {"q", "f"}},
    {"alternative_of_a_codec_not_taken", "q=pt=98 h f", "q,h;f", {"h", "f"}},
    {"best_four_of_five", "1 2 3 4 5", "1;2;3;4;5", {"2", "3", "4", "5"}},
    {"not_sent", "q h", "q", {"q"}},
};

class SdpLayers : public testing::TestWithParam<Layers> {};

TEST_P(SdpLayers, AreOrderedByQuality) {
  std::string lines;
  std::string_view left = GetParam().rids;
  while (!left.empty()) {
    const std::size_t end = left.find(' ');
    const std::string_view rid = left.substr(0, end);
    const std::size_t equals = rid.find('=');
    lines += "a=rid:" + std::string(rid.substr(0, equals)) + " send";
    if (equals != rid.npos) lines += " " + std::string(rid.substr(equals + 1));
    lines += "\r\n";
    left = end == left.npos ? std::string_view{} : left.substr(end + 1);
  }
  std::string text =
      with(recorded("chromium_whip_simulcast"), "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\n", lines);
  text = with(text, "send q;h;f", "send " + std::string(GetParam().simulcast));
  const Negotiated n = negotiated(offer_of(text), Role::publisher);
  EXPECT_EQ(rids(*n.sections.at(1)), GetParam().ascending);
}

INSTANTIATE_TEST_SUITE_P(, SdpLayers, testing::ValuesIn(kLayers), [](const auto& row) { return row.param.name; });

TEST(SdpNegotiate, SimulcastBySsrcGroups) {
  const std::string text = with(recorded("aiortc_whip"), "a=ssrc-group:FID 630642154 824634403",
                                "a=ssrc-group:SIM 1 3 5\r\na=ssrc-group:FID 1 2\r\na=ssrc-group:FID 5 6");
  const auto n = negotiated(offer_of(text), Role::publisher);
  const auto& encodings = n.sections.at(1)->encodings;
  ASSERT_THAT(encodings, SizeIs(3));
  EXPECT_EQ(encodings[0].rtx_ssrc, 2U);
  EXPECT_EQ(encodings[1].ssrc, 3U);
  EXPECT_EQ(encodings[1].rtx_ssrc, 0U);
  EXPECT_EQ(encodings[2].rtx_ssrc, 6U);
}

struct Refusal {
  const char* name;
  const char* from;
  const char* to;
  const char* reason;
};

const Refusal kRefusals[] = {
    {"no_mux", "a=rtcp-mux\r\n", "", "no a=rtcp-mux"},
    {"outside_the_bundle", "BUNDLE 0 1", "BUNDLE 0", "m=video is outside the BUNDLE group"},
    {"no_bundle", "a=group:BUNDLE 0 1\r\n", "", "outside the BUNDLE group"},
    {"not_srtp", "UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", "not UDP/TLS/RTP/SAVPF"},
    {"no_opus", "opus/48000/2", "opus/16000", "m=audio offers opus, red, G722"},
    {"no_ufrag", "a=ice-ufrag:ttPe\r\n", "", "no a=ice-ufrag"},
    {"only_sha_1", "sha-256 99:51:69:C8:C4:FD:21:69:37:9E:7B:4D", "sha-1 99:51:69:C8:C4:FD:21:69:37:9E:7B:4D",
     "no a=fingerprint of sha-256"},
    {"short_fingerprint", "sha-256 99:51:69", "sha-256 51:69", "no a=fingerprint of sha-256"},
    {"ice_lite", "a=extmap-allow-mixed", "a=ice-lite", "ICE-lite itself"},
    {"holdconn", "a=setup:actpass", "a=setup:holdconn", "connects nothing"},
    {"long_mid", "a=mid:0", "a=mid:12345678901234567", "longer than 16"},
};

class SdpRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(SdpRefusal, OfAPublishersOffer) {
  std::string text = with(recorded("chromium_whip_simulcast"), GetParam().from, GetParam().to);
  if (GetParam().name == std::string("long_mid")) text = with(text, "BUNDLE 0 1", "BUNDLE 12345678901234567 1");
  const auto n = negotiate(offer_of(text), Role::publisher);
  ASSERT_FALSE(n);
  EXPECT_THAT(to_string(n.error()), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(, SdpRefusal, testing::ValuesIn(kRefusals), [](const auto& row) { return row.param.name; });

TEST(SdpNegotiate, HalfAPublisherIsRefused) {
  const auto n = negotiate(offer_of(recorded("obs_whip")), Role::publisher);
  ASSERT_FALSE(n);
  EXPECT_EQ(to_string(n.error()), "line 23: m=video offers H264; Penstock takes opus and VP8");
}

TEST(SdpNegotiate, APlayerThatOnlySendsGetsNothing) {
  EXPECT_THAT(to_string(negotiate(offer_of(recorded("obs_whip")), Role::player).error()),
              HasSubstr("no m-section that receives"));
}

TEST(SdpNegotiate, NeverTakesFormatsItCannotForward) {
  for (const char* name : {"chromium_whip_simulcast", "chromium_whep", "chromium_call", "firefox_whip_simulcast",
                           "firefox_whep", "aiortc_whip", "aiortc_whep", "gstreamer_whip", "ffmpeg_whip"}) {
    SCOPED_TRACE(name);
    const Offer offer = offer_of(recorded(name));
    const Role role = std::string_view(name).find("whep") == std::string_view::npos ? Role::publisher : Role::player;
    EXPECT_THAT(answer_text(offer, role), AllOf(Not(HasSubstr(" red/")), Not(HasSubstr("fec/")), Not(HasSubstr("VP9")),
                                                Not(HasSubstr("H264")), Not(HasSubstr("AV1")), Not(HasSubstr("PCMU"))));
  }
}

TEST(SdpNegotiate, PayloadTypesThatLookLikeRtcpAreNotTaken) {
  std::string text = with(recorded("obs_whip"), "SAVPF 111", "SAVPF 72");
  text = with(with(text, "a=rtpmap:111", "a=rtpmap:72"), "a=fmtp:111", "a=fmtp:72");
  EXPECT_FALSE(negotiate(offer_of(text), Role::publisher));
}

}  // namespace
}  // namespace penstock::control::sdp

// SDP text to descriptions and back; what is refused, with the line and the reason.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/sdp/ice_fragment.h"
#include "control/sdp/parse.h"
#include "control/sdp/write.h"
#include "tests/control/sdp_offers.h"

namespace penstock::control::sdp {
namespace {

using testing::HasSubstr;

constexpr std::string_view kSession = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

std::string after_session(std::string_view lines) {
  return std::string(kSession) + std::string(lines);
}

TEST(SdpParse, SortsLinesIntoSessionAndSections) {
  const auto d =
      parse(after_session("a=group:BUNDLE 0\na=ice-lite\nm=audio 9/2 UDP/TLS/RTP/SAVPF 111 0\nc=IN IP4 192.0.2.1\n"
                          "b=AS:100\na=mid:0\nm=video 0 RTP/AVP 96\n"));
  ASSERT_TRUE(d) << to_string(d.error());
  EXPECT_EQ(d->origin, "- 1 1 IN IP4 127.0.0.1");
  EXPECT_EQ(d->attributes.size(), 2U);
  EXPECT_EQ(find(d->attributes, "group")->value, "BUNDLE 0");
  EXPECT_EQ(find(d->attributes, "ice-lite")->value, "");
  ASSERT_EQ(d->media.size(), 2U);
  EXPECT_EQ(d->media[0].kind, "audio");
  EXPECT_EQ(d->media[0].ports, 2);
  EXPECT_EQ(d->media[0].connection, "IN IP4 192.0.2.1");
  EXPECT_THAT(d->media[0].formats, testing::ElementsAre("111", "0"));
  EXPECT_EQ(find(d->media[0].attributes, "mid")->line, 10U);
  EXPECT_EQ(d->media[1].port, 0);
}

TEST(SdpParse, LastLineNeedsNoEnd) {
  EXPECT_TRUE(parse("v=0\no=- 1 1 IN IP4 0.0.0.0\ns= \nt=0 0"));
}

struct Refused {
  const char* name;
  std::string text;
  std::size_t line;
  const char* reason;
};

const Refused kRefused[] = {
    {"empty", "", 0, "there is no v="},
    {"not_sdp", "hello\n", 1, "not of the form 'x=...'"},
    {"empty_line", after_session("\r\na=x\r\n"), 5, "not of the form"},
    {"version_1", "v=1\n", 1, "v= is '1', not 0"},
    {"version_late", "s=-\nv=0\n", 1, "starts with v=0"},
    {"no_time", "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\n", 0, "no t="},
    {"short_origin", "v=0\no=- 1 1\n", 2, "six fields"},
    {"two_names", "v=0\ns=-\ns=-\n", 3, "s= is there twice"},
    {"unknown_letter", after_session("x=1\n"), 5, "'x' is no line of a session"},
    {"session_line_in_section", after_session("m=audio 9 RTP/AVP 0\nt=0 0\n"), 6, "'t' is no line of an m-section"},
    {"nul", after_session(std::string("a=x\0y\n", 6)), 5, "NUL"},
    {"lone_cr", after_session("a=x\ry\n"), 5, "CR"},
    {"attribute_without_name", after_session("a=:1\n"), 5, "a= has no name"},
    {"port_too_large", after_session("m=audio 65536 RTP/AVP 0\n"), 5, "no port in '65536'"},
    {"negative_port", after_session("m=audio -1 RTP/AVP 0\n"), 5, "no port"},
    {"no_format", after_session("m=audio 9 RTP/AVP\n"), 5, "m= needs"},
    {"long_line", after_session("a=" + std::string(kMostLineBytes, 'x') + "\n"), 5, "more than 8192 bytes"},
    {"large", std::string(kMostBytes + 1, 'v'), 0, "more than 65536 bytes"},
    {"escapes_are_not_echoed", after_session("\x1b[31m=\n"), 5, "'?[31m='"},
};

class SdpRefused : public testing::TestWithParam<Refused> {};

TEST_P(SdpRefused, WithLineAndReason) {
  const auto d = parse(GetParam().text);
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().line, GetParam().line);
  EXPECT_THAT(to_string(d.error()), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(, SdpRefused, testing::ValuesIn(kRefused), [](const auto& row) { return row.param.name; });

TEST(SdpParse, BoundsLinesAndSections) {
  std::string lines, sections;
  for (std::size_t i = 0; i <= kMostLines; ++i) lines += "a=x\n";
  for (std::size_t i = 0; i <= kMostMediaDescriptions; ++i) sections += "m=audio 9 RTP/AVP 0\n";
  EXPECT_THAT(to_string(parse(after_session(lines)).error()), HasSubstr("more than 4096 lines"));
  EXPECT_THAT(to_string(parse(after_session(sections)).error()), HasSubstr("more than 32 m-sections"));
}

TEST(SdpWrite, WhatWasParsedIsWrittenAgain) {
  const std::string text = after_session(
      "a=ice-lite\r\nm=audio 9/2 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 192.0.2.1\r\na=mid:0\r\na=fmtp:111 a=b;c\r\n");
  EXPECT_EQ(write(*parse(text)), text);
}

TEST(IceFragment, ReadsCandidatesAndCredentials) {
  const auto fragment = read_ice_fragment(
      "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
      "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
      "a=candidate:1387637174 1 UDP 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
      "a=candidate:2 1 udp 2122194687 4f6a7b.local 61765 typ host\r\na=candidate:garbage\r\na=end-of-candidates\r\n");
  ASSERT_TRUE(fragment) << to_string(fragment.error());
  EXPECT_EQ(fragment->ice_ufrag, "EsAw");
  EXPECT_EQ(fragment->ice_pwd, "P2uYro0UCOQ4zxjKXaWCBui1");
  ASSERT_EQ(fragment->candidates.size(), 2U);
  EXPECT_EQ(fragment->candidates[0].transport, "udp");
  EXPECT_EQ(fragment->candidates[0].host, "192.0.2.1");
  EXPECT_EQ(fragment->candidates[0].port, 61764);
  EXPECT_EQ(fragment->candidates[1].host, "4f6a7b.local");
  EXPECT_TRUE(fragment->end_of_candidates);
}

TEST(IceFragment, CredentialsMayBeTheSessions) {
  const auto fragment = read_ice_fragment("a=ice-ufrag:ysXw\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\n");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->ice_ufrag, "ysXw");
}

TEST(IceFragment, RefusesHalvesAndOtherLines) {
  EXPECT_THAT(to_string(read_ice_fragment("a=ice-ufrag:ysXw\n").error()), HasSubstr("is missing"));
  EXPECT_THAT(to_string(read_ice_fragment("m=audio 9 x 0\na=ice-ufrag:ysXw\n").error()), HasSubstr("line 1"));
  EXPECT_THAT(to_string(read_ice_fragment("v=0\n").error()), HasSubstr("no line of an SDP fragment"));
  EXPECT_THAT(to_string(read_ice_fragment("a=ice-ufrag:y w!\n").error()), HasSubstr("a=ice-ufrag"));
}

TEST(IceFragment, AnswersARestartWithOurCredentialsAndCandidates) {
  const Offer offer = offer_of(recorded("chromium_whip_simulcast"));
  const LocalTransport transport{"ufragufr", "passwordpasswordpassword", {}, {{net::Address::v4(0xc0000201), 40000}}};
  const std::string text = write_ice_fragment(tagged_line(offer, negotiated(offer, Role::publisher)), transport);
  EXPECT_THAT(
      text,
      testing::StartsWith(
          "a=ice-lite\r\na=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"));
  const auto fragment = read_ice_fragment(text);
  ASSERT_TRUE(fragment) << to_string(fragment.error());
  EXPECT_EQ(fragment->ice_ufrag, "ufragufr");
  EXPECT_EQ(fragment->candidates.at(0).host, "192.0.2.1");
  EXPECT_EQ(fragment->candidates.at(0).type, "host");
}

}  // namespace
}  // namespace penstock::control::sdp

// What is refused, of what kind, and at which field. A refusal changes nothing.

#include <gmock/gmock.h>

#include <functional>

#include "tests/control/rooms_fixture.h"

namespace penstock::control::rooms {
namespace {

using testing::HasSubstr;
using Admission = RoomsTest;

template <class Spec>
struct Case {
  const char* name;
  std::function<void(Spec&)> spoil;
  ErrorKind kind;
  const char* field;
};

TEST_F(Admission, Ids) {
  const std::vector<std::pair<std::string, bool>> ids = {{"a", true},
                                                         {"A-z_0.9~", true},
                                                         {std::string(64, 'x'), true},
                                                         {"", false},
                                                         {".", false},
                                                         {"..", false},
                                                         {"...", true},
                                                         {std::string(65, 'x'), false},
                                                         {"a/b", false},
                                                         {std::string("a\0b", 3), false},
                                                         {"\xc3\xa4", false},
                                                         {"a b", false}};
  for (const auto& [id, valid] : ids) {
    EXPECT_EQ(valid_id(id), valid) << id;
    if (valid) {
      must(PutRoom{id, {}});
    } else {
      EXPECT_EQ(refusal(PutRoom{id, {}}).kind, ErrorKind::invalid) << id;
    }
  }
}

TEST_F(Admission, RoomDescriptions) {
  const std::vector<Case<RoomSpec>> cases = {
      {"no owner", [](auto& s) { s.lease = Lease{"", 5}; }, ErrorKind::invalid, "/lease/owner"},
      {"no time", [](auto& s) { s.lease = Lease{"o", 0}; }, ErrorKind::invalid, "/lease/duration_s"},
      {"a year", [](auto& s) { s.lease = Lease{"o", 86'401}; }, ErrorKind::invalid, "/lease/duration_s"},
      {"a novel", [](auto& s) { s.metadata.assign(4'097, 'x'); }, ErrorKind::invalid, "/metadata"},
  };
  for (const auto& c : cases) {
    RoomSpec spec;
    c.spoil(spec);
    const Error error = refusal(PutRoom{"r", spec});
    EXPECT_EQ(error.kind, c.kind) << c.name;
    EXPECT_EQ(error.field, c.field) << c.name;
  }
}

TEST_F(Admission, EndpointDescriptions) {
  publisher_and_viewer();
  const std::vector<Case<EndpointSpec>> cases = {
      {"half", [](auto& s) { s.ice_pwd.clear(); }, ErrorKind::invalid, "/ice_pwd"},
      {"other half", [](auto& s) { s.ice_ufrag.clear(); }, ErrorKind::invalid, "/ice_ufrag"},
      {"short fragment", [](auto& s) { s.ice_ufrag = "abc"; }, ErrorKind::invalid, "/ice_ufrag"},
      {"colon", [](auto& s) { s.ice_ufrag = "ab:d"; }, ErrorKind::invalid, "/ice_ufrag"},
      {"short password", [](auto& s) { s.ice_pwd = std::string(21, 'a'); }, ErrorKind::invalid, "/ice_pwd"},
      {"long password", [](auto& s) { s.ice_pwd = std::string(257, 'a'); }, ErrorKind::invalid, "/ice_pwd"},
      {"prints", [](auto& s) { s.fingerprints.resize(9); }, ErrorKind::invalid, "/fingerprints"},
      {"trickle", [](auto& s) { s.max_publish_bit_rate = 100; }, ErrorKind::invalid, "/max_publish_bit_rate"},
      {"twice", [](auto& s) { s.tracks = {{"t", opus_track()}, {"t", opus_track("1")}}; }, ErrorKind::invalid,
       "/tracks"},
      {"its track", [](auto& s) { s.tracks = {{"a~b", opus_track("a b")}}; }, ErrorKind::invalid, "/tracks/a~0b/mid"},
      {"its tracks", [](auto& s) { s.tracks = {{"t", opus_track("5")}, {"u", opus_track("5")}}; }, ErrorKind::conflict,
       "/tracks/u/mid"},
  };
  for (const auto& c : cases) {
    EndpointSpec spec = browser();
    c.spoil(spec);
    for (const char* id : {"alice", "new"}) {
      const Error error = refusal(PutEndpoint{"r", id, spec});
      EXPECT_EQ(error.kind, c.kind) << c.name;
      EXPECT_EQ(error.field, c.field) << c.name;
    }
  }
}

TEST_F(Admission, TrackDescriptions) {
  publisher_and_viewer();
  const std::string mid_uri(uri_of(rtp::Extension::mid));
  const std::vector<Case<TrackSpec>> cases = {
      {"no codec", [](auto& s) { s.codecs.clear(); }, ErrorKind::invalid, "/codecs"},
      {"rtx alone", [](auto& s) { s.codecs.erase(s.codecs.begin()); }, ErrorKind::invalid, "/codecs"},
      {"RED", [](auto& s) { s.codecs.push_back({.name = "red", .payload_type = 98}); }, ErrorKind::invalid,
       "/codecs/2/name"},
      {"two", [](auto& s) { s.codecs.push_back({.name = "vp8", .payload_type = 98}); }, ErrorKind::invalid,
       "/codecs/2/name"},
      {"audio codec", [](auto& s) { s.codecs[0].name = "opus"; }, ErrorKind::invalid, "/codecs/0/name"},
      {"rtcp range", [](auto& s) { s.codecs[0].payload_type = 72; }, ErrorKind::invalid, "/codecs/0/payload_type"},
      {"eight bits", [](auto& s) { s.codecs[0].payload_type = 128; }, ErrorKind::invalid, "/codecs/0/payload_type"},
      {"clock", [](auto& s) { s.codecs[0].clock_rate = 48'000; }, ErrorKind::invalid, "/codecs/0/clock_rate"},
      {"channels", [](auto& s) { s.codecs[0].channels = 2; }, ErrorKind::invalid, "/codecs/0/channels"},
      {"apt of media", [](auto& s) { s.codecs[0].associated_payload_type = 97; }, ErrorKind::invalid,
       "/codecs/0/associated_payload_type"},
      {"no apt", [](auto& s) { s.codecs[1].associated_payload_type.reset(); }, ErrorKind::invalid,
       "/codecs/1/associated_payload_type"},
      {"other apt", [](auto& s) { s.codecs[1].associated_payload_type = 98; }, ErrorKind::invalid,
       "/codecs/1/associated_payload_type"},
      {"own apt", [](auto& s) { s.codecs[1].payload_type = 96; }, ErrorKind::invalid, "/codecs/1/payload_type"},
      {"long MID", [](auto& s) { s.mid = std::string(17, 'm'); }, ErrorKind::invalid, "/mid"},
      {"odd RID", [](auto& s) { s.encodings[0].rid = "a.b"; }, ErrorKind::invalid, "/encodings/0/rid"},
      {"same RID", [](auto& s) { s.encodings[1].rid = "q"; }, ErrorKind::invalid, "/encodings/1/rid"},
      {"no RID", [](auto& s) { s.encodings[2].rid = ""; }, ErrorKind::invalid, "/encodings/2/ssrc"},
      {"no RID extension", [](auto& s) { s.extensions.pop_back(); }, ErrorKind::invalid, "/extensions"},
      {"five", [](auto& s) { s.encodings.resize(5); }, ErrorKind::invalid, "/encodings"},
      {"same SSRC", [](auto& s) { s.encodings[0].ssrc = s.encodings[1].ssrc = 5; }, ErrorKind::invalid,
       "/encodings/1/ssrc"},
      {"own rtx", [](auto& s) { s.encodings[0].ssrc = s.encodings[0].rtx_ssrc = 5; }, ErrorKind::invalid,
       "/encodings/0/rtx_ssrc"},
      {"rtx without", [](auto& s) { s.encodings[0].rtx_ssrc = 5, s.codecs.pop_back(); }, ErrorKind::invalid,
       "/encodings/0/rtx_ssrc"},
      {"unknown URI", [](auto& s) { s.extensions.push_back({"urn:x", 5}); }, ErrorKind::invalid, "/extensions/2/uri"},
      {"twice", [&](auto& s) { s.extensions.push_back({mid_uri, 5}); }, ErrorKind::invalid, "/extensions/2/uri"},
      {"id 0", [](auto& s) { s.extensions[0].id = 0; }, ErrorKind::invalid, "/extensions/0/id"},
      {"same id", [](auto& s) { s.extensions[1].id = 4; }, ErrorKind::invalid, "/extensions/1/id"},
      {"MID taken", [](auto& s) { s.mid = "1"; }, ErrorKind::conflict, "/mid"},
      {"type taken", [](auto& s) { s.codecs[0].payload_type = 111, s.codecs[1].associated_payload_type = 111; },
       ErrorKind::conflict, "/codecs"},
      {"rtx type taken", [](auto& s) { s.codecs[1].payload_type = 111; }, ErrorKind::conflict, "/codecs"},
  };
  for (const auto& c : cases) {
    TrackSpec spec = vp8_track("9");
    c.spoil(spec);
    const Error error = refusal(PutTrack{"r", "alice", "new", spec});
    EXPECT_EQ(error.kind, c.kind) << c.name << ": " << error.sentence;
    EXPECT_EQ(error.field, c.field) << c.name;
    EXPECT_FALSE(error.sentence.empty());
  }
  TrackSpec high = vp8_track("9");
  high.extensions[0].id = 255;  // read in the two-byte form
  must(PutTrack{"r", "alice", "new", high});
}

TEST_F(Admission, SubscriptionDescriptions) {
  publisher_and_viewer();
  const std::uint32_t taken = *rooms->subscription("r", "bob", "s")->spec.ssrc;
  const std::vector<Case<SubscriptionSpec>> cases = {
      {"no endpoint", [](auto& s) { s.track->endpoint = "carol"; }, ErrorKind::not_found, "/track/endpoint"},
      {"no track", [](auto& s) { s.track->track = "screen"; }, ErrorKind::not_found, "/track/track"},
      {"audio track", [](auto& s) { s.track->track = "mic"; }, ErrorKind::conflict, "/track"},
      {"two-byte id", [](auto& s) { s.extensions[0].id = 15; }, ErrorKind::invalid, "/extensions/0/id"},
      {"no MID", [](auto& s) { s.mid.clear(); }, ErrorKind::invalid, "/mid"},
      {"MID taken", [](auto& s) { s.mid = "0"; }, ErrorKind::conflict, "/mid"},
      {"SSRC 0", [](auto& s) { s.ssrc = 0; }, ErrorKind::invalid, "/ssrc"},
      {"rtx SSRC 0", [](auto& s) { s.rtx_ssrc = 0; }, ErrorKind::invalid, "/rtx_ssrc"},
      {"SSRC taken", [&](auto& s) { s.ssrc = taken; }, ErrorKind::conflict, "/ssrc"},
      {"rtx SSRC taken", [&](auto& s) { s.rtx_ssrc = taken; }, ErrorKind::conflict, "/rtx_ssrc"},
      {"same SSRCs", [](auto& s) { s.ssrc = s.rtx_ssrc = 7; }, ErrorKind::invalid, "/rtx_ssrc"},
      {"no rtx", [](auto& s) { s.rtx_ssrc = 7, s.codecs.pop_back(); }, ErrorKind::invalid, "/rtx_ssrc"},
      {"layer", [](auto& s) { s.max_spatial_layer = 4; }, ErrorKind::invalid, "/max_spatial_layer"},
      {"temporal", [](auto& s) { s.max_temporal_layer = 8; }, ErrorKind::invalid, "/max_temporal_layer"},
      {"type taken", [](auto& s) { s.codecs = {{.name = "VP8", .payload_type = 97}}; }, ErrorKind::conflict, "/codecs"},
  };
  for (const auto& c : cases) {
    SubscriptionSpec spec = vp8_subscription("alice", "cam", "5");
    c.spoil(spec);
    const Error error = refusal(PutSubscription{"r", "bob", "new", spec});
    EXPECT_EQ(error.kind, c.kind) << c.name << ": " << error.sentence;
    EXPECT_EQ(error.field, c.field) << c.name;
  }
}

TEST_F(Admission, SsrcsAreUniqueAmongAllThatAnEndpointSendsAndReceives) {
  publisher_and_viewer();
  TrackSpec spec = vp8_track("2");
  spec.encodings = {{.ssrc = 100, .rtx_ssrc = 101}};
  must(PutTrack{"r", "bob", "cam", spec});
  SubscriptionSpec subscription = vp8_subscription("alice", "cam", "3");
  subscription.ssrc = 101;
  EXPECT_EQ(refusal(PutSubscription{"r", "bob", "t", subscription}).field, "/ssrc");
  spec.mid = "7";
  spec.encodings = {{.ssrc = *rooms->subscription("r", "bob", "s")->spec.rtx_ssrc}};
  EXPECT_EQ(refusal(PutTrack{"r", "bob", "screen", spec}).field, "/encodings/0/ssrc");
  // Another endpoint has SSRCs of its own.
  spec.encodings = {{.ssrc = 100}};
  must(PutTrack{"r", "alice", "screen", spec});
  // An encoding may keep its SSRC when the track is put again.
  spec.encodings = {{.ssrc = 100, .rtx_ssrc = 102}};
  must(PutTrack{"r", "alice", "screen", spec});
}

TEST_F(Admission, APayloadTypeTellsOneTrackApartWhenNothingElseDoes) {
  publisher_and_viewer();
  TrackSpec bare = vp8_track("");
  bare.encodings.clear();
  bare.extensions.clear();
  EXPECT_THAT(refusal(PutTrack{"r", "alice", "bare", bare}).sentence, HasSubstr("does not tell"));
  bare.codecs = {{.name = "VP8", .payload_type = 120}};
  must(PutTrack{"r", "alice", "bare", bare});
  TrackSpec other = vp8_track("8");
  other.codecs = {{.name = "VP8", .payload_type = 120}};
  EXPECT_EQ(refusal(PutTrack{"r", "alice", "other", other}).kind, ErrorKind::conflict);
  must(DeleteTrack{"r", "alice", "bare"});
  must(PutTrack{"r", "alice", "other", other});
}

TEST_F(Admission, WhatWasNegotiatedStays) {
  publisher_and_viewer();
  const std::vector<Case<SubscriptionSpec>> cases = {
      {"type", [](auto& s) { s.codecs = {{.name = "VP8", .payload_type = 100}}; }, ErrorKind::conflict, "/codecs"},
      {"mid", [](auto& s) { s.mid = "7"; }, ErrorKind::conflict, "/mid"},
      {"ssrc", [](auto& s) { s.ssrc = 9; }, ErrorKind::conflict, "/ssrc"},
      {"extension", [](auto& s) { s.extensions[0].id = 5; }, ErrorKind::conflict, "/extensions"},
      {"feedback", [](auto& s) { s.feedback.nack = false; }, ErrorKind::conflict, "/feedback"},
  };
  for (const auto& c : cases) {
    SubscriptionSpec spec = vp8_subscription("alice", "cam");
    c.spoil(spec);
    const Error error = refusal(PutSubscription{"r", "bob", "s", spec});
    EXPECT_EQ(error.kind, c.kind) << c.name;
    EXPECT_EQ(error.field, c.field) << c.name;
  }
  TrackSpec audio = opus_track("1");
  EXPECT_EQ(refusal(PutTrack{"r", "alice", "cam", audio}).field, "/kind");
}

TEST_F(Admission, AnSsrcIsNotSentFromTwiceUnderOneKey) {
  publisher_and_viewer();
  SubscriptionSpec spec = vp8_subscription("alice", "cam", "5");
  spec.ssrc = 77;
  must(PutSubscription{"r", "bob", "t", spec});
  must(DeleteSubscription{"r", "bob", "t"});
  must(PutSubscription{"r", "bob", "t", spec});  // no key yet, so nothing was sent
  report(ref_of(1), dtls::Result::secured);
  must(DeleteSubscription{"r", "bob", "t"});
  EXPECT_THAT(refusal(PutSubscription{"r", "bob", "t", spec}).sentence, HasSubstr("RFC 3711"));
  report(ref_of(1), dtls::Result::secured);  // another handshake, another key
  must(PutSubscription{"r", "bob", "t", spec});
}

TEST_F(Admission, LimitsOfRoomsAndTables) {
  start(1, {3, 2, 2}, {.rooms = 2, .tracks_per_endpoint = 1, .subscriptions_per_endpoint = 2});
  RoomSpec small;
  small.limits.endpoints = 2;
  must(PutRoom{"r", small});
  must(PutRoom{"q", {}});
  EXPECT_EQ(refusal(PutRoom{"p", {}}).kind, ErrorKind::limit);
  must(PutEndpoint{"r", "a", browser()});
  must(PutEndpoint{"r", "b", browser()});
  EXPECT_THAT(refusal(PutEndpoint{"r", "c", browser()}).sentence, HasSubstr("its limit"));
  must(PutEndpoint{"q", "c", browser()});
  EXPECT_THAT(refusal(PutEndpoint{"q", "d", browser()}).sentence, HasSubstr("it has 3"));
  must(PutTrack{"r", "a", "cam", vp8_track()});
  EXPECT_THAT(refusal(PutTrack{"r", "a", "mic", opus_track()}).sentence, HasSubstr("configuration"));
  // A place comes back when the worker has heard of the removal, not before.
  must(DeleteEndpoint{"q", "c"});
  EXPECT_EQ(refusal(PutEndpoint{"q", "d", browser()}).kind, ErrorKind::busy);
  workers->apply();
  must(PutEndpoint{"q", "d", browser()});
}

}  // namespace
}  // namespace penstock::control::rooms

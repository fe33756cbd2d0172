#pragma once
// A browser that publishes three-layer simulcast, and one viewer of it, on one worker.

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/rtcp.h"
#include "dataplane/rtp/rtcp_writer.h"
#include "tests/sfu/testbed.h"

namespace penstock::sfu::test {

inline constexpr std::uint8_t kVp8 = 96, kRtx = 97, kOpus = 111;

inline rtp::ExtensionIds publisher_ids() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::mid, 4);
  ids.set(rtp::Extension::rid, 10);
  ids.set(rtp::Extension::repaired_rid, 11);
  ids.set(rtp::Extension::transport_sequence, 3);
  ids.set(rtp::Extension::audio_level, 1);
  return ids;
}

inline rtp::ExtensionIds viewer_ids() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::mid, 9);
  ids.set(rtp::Extension::abs_send_time, 2);
  ids.set(rtp::Extension::transport_sequence, 5);
  ids.set(rtp::Extension::audio_level, 6);
  return ids;
}

inline net::Endpoint client(std::uint8_t n) {
  return {net::Address::v4(0xcb007100 | n), static_cast<std::uint16_t>(5000 + n)};
}

inline TrackParameters simulcast(EndpointSlot endpoint) {
  TrackParameters p{.endpoint = endpoint,
                    .kind = MediaKind::video,
                    .codec = Codec::vp8,
                    .payload_type = kVp8,
                    .rtx_payload_type = kRtx,
                    .clock_rate = 90000,
                    .mid = Mid("1"),
                    .encoding_count = 3,
                    .extensions = publisher_ids(),
                    .feedback = {.nack = true, .pli = true, .fir = true, .remb = true, .transport = true}};
  p.encodings[0].rid = Rid("q");
  p.encodings[1].rid = Rid("h");
  p.encodings[2].rid = Rid("f");
  return p;
}

inline SubscriptionParameters view_of(EndpointSlot endpoint, TrackSlot track) {
  return {.endpoint = endpoint,
          .track = track,
          .kind = MediaKind::video,
          .codec = Codec::vp8,
          .payload_type = 120,
          .rtx_payload_type = 121,
          .clock_rate = 90000,
          .mid = Mid("0"),
          .ssrc = 0x1000 + endpoint,
          .rtx_ssrc = 0x2000 + endpoint,
          .extensions = viewer_ids(),
          .feedback = {.nack = true, .pli = true, .fir = true, .remb = false, .transport = true},
          .first_sequence = 65530,
          .first_rtx_sequence = 65535,
          .first_timestamp = 1000,
          .first_picture_id = 32760};
}

/// One simulcast layer of a browser.
struct Layer {
  std::string rid;
  std::uint32_t ssrc;
  std::uint16_t width, height;
  std::uint16_t sequence = 100;
  std::uint16_t picture_id = 10;
  std::uint32_t timestamp = 90000;
  std::uint16_t transport_sequence = 0;

  Payload header(bool marker) {
    rtp::HeaderTemplate::Parameters parameters{.ids = publisher_ids(), .mid = "1", .rid = rid, .repaired_rid = {}};
    parameters.ids.set(rtp::Extension::audio_level, 0);
    const auto made = rtp::HeaderTemplate::make(parameters).value();
    std::array<std::uint8_t, rtp::HeaderTemplate::kMostBytes> bytes{};
    rtp::ExtensionValues values;
    values.set_transport_sequence(transport_sequence++);
    made.write(bytes, {rtp::Ssrc{ssrc}, {timestamp}, {sequence++}, kVp8, marker}, values);
    return {bytes.begin(), bytes.begin() + static_cast<long>(made.size())};
  }
  Payload payload(bool key, bool first) const {
    Payload p{static_cast<std::uint8_t>(first ? 0x90 : 0x80), 0x80, static_cast<std::uint8_t>(0x80 | picture_id >> 8),
              static_cast<std::uint8_t>(picture_id)};
    if (first) {
      p.insert(p.end(), {static_cast<std::uint8_t>(key ? 0x10 : 0x11), 0, 0, 0x9d, 0x01, 0x2a});
      p.insert(p.end(), {static_cast<std::uint8_t>(width), static_cast<std::uint8_t>(width >> 8),
                         static_cast<std::uint8_t>(height), static_cast<std::uint8_t>(height >> 8)});
    }
    p.resize(p.size() + 700, static_cast<std::uint8_t>(ssrc));
    return p;
  }
  /// A frame of two packets.
  void send_frame(Client& publisher, bool key) {
    const Payload first = header(false);
    publisher.send_rtp(first, payload(key, true));
    const Payload last = header(true);
    publisher.send_rtp(last, payload(key, false));
    ++picture_id;
    timestamp += 3000;
  }
};

/// Calls each(packet) for every RTCP packet that the client got.
template <class Each>
void for_each_rtcp(const Client::Taken& taken, Each&& each) {
  for (const Payload& datagram : taken.rtcp) {
    const auto compound = rtp::RtcpCompound::parse(datagram);
    ASSERT_TRUE(compound.has_value());
    for (const rtp::RtcpPacket packet : *compound) each(packet);
  }
}

struct Broadcast {
  SfuBed bed;
  Client publisher{bed, 0, client(1)};
  Client viewer{bed, 1, client(2)};
  std::vector<Layer> layers{{"q", 0xa1, 320, 180}, {"h", 0xa2, 640, 360}, {"f", 0xa3, 1280, 720}};

  Broadcast() {
    EXPECT_TRUE(publisher.check());
    EXPECT_TRUE(viewer.check());
    bed.update({SetTrack{0, 1, simulcast(0)}, SetSubscription{0, 1, view_of(1, 0)}});
  }
  ~Broadcast() { EXPECT_EQ(bed.imbalance(), ""); }
  void frames(int n, bool key = false) {
    for (int i = 0; i < n; ++i) {
      for (Layer& layer : layers) layer.send_frame(publisher, key && i == 0);
      bed.advance(33 * kMs);
    }
  }
};

inline void ask_again(Broadcast& b, std::span<const rtp::SequenceNumber> lost) {
  std::array<std::uint8_t, 1100> buffer;
  rtp::RtcpWriter writer(buffer);
  writer.receiver_report(rtp::Ssrc{7});
  writer.nack(rtp::Ssrc{7}, rtp::Ssrc{0x1001}, lost);
  b.viewer.send_rtcp(std::span(buffer).first(writer.size()));
  b.bed.run();
}

}  // namespace penstock::sfu::test

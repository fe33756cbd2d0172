#include "bench/load/frame_rooms/camera.h"

#include <rte_mbuf.h>

#include <algorithm>

#include "bench/load/frame_rooms/program.h"
#include "bench/load/sfu/media/negotiated.h"
#include "bench/load/sfu/media/stamp.h"
#include "dataplane/net/bytes.h"
#include "dataplane/net/checksum.h"

namespace penstock::frame_rooms {
namespace {

constexpr std::size_t kNetworkHeaders = net::headers_size(false, false);
constexpr std::size_t kDescriptorBytes = 6;
constexpr std::uint64_t kLeastKeyIntervalNs = 300'000'000;
/// RFC 6386 section 9.1: a shown key frame with start code, 1280 x 720; a shown delta frame.
constexpr std::array<std::uint8_t, 10> kKeyFrame{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02};
constexpr std::array<std::uint8_t, 3> kDeltaFrame{0x11, 0, 0};

std::uint32_t video_clock(std::uint64_t ns) {
  return static_cast<std::uint32_t>(ns * 9 / 100'000);
}

}  // namespace

Camera::Camera(srtp::Cipher& cipher, srtp::ContextId context, std::size_t tag_bytes, const CameraOptions& options,
               const Route& route)
    : cipher_(cipher),
      context_(context),
      options_(options),
      route_(route),
      tag_bytes_(tag_bytes),
      header_(rtp::HeaderTemplate::make({.ids = load::media::video_extensions(), .mid = "v"}).value()),
      payloads_(std::make_unique<std::uint8_t[]>(kMostAtOnce * kSlotBytes)) {}

void Camera::request_key_frame(std::uint64_t now_ns) {
  if (now_ns - key_wanted_ns_ < kLeastKeyIntervalNs) return;
  key_wanted_ns_ = now_ns;
  key_wanted_ = true;
}

void Camera::begin_frame(std::uint64_t now_ns) {
  // Flat out there may be more frames than ticks of the clock; no two of them share a timestamp.
  const std::uint32_t clock = video_clock(now_ns);
  timestamp_ = frames_ == 0 || static_cast<std::int32_t>(clock - timestamp_) > 0 ? clock : timestamp_ + 1;
  ++frames_;
  key_ = key_wanted_;
  key_wanted_ = false;
  key_frames_ += key_ ? 1 : 0;
}

void Camera::write_payload(std::uint8_t* out, bool first, std::uint64_t now_ns) const {
  // X, and S on the first packet; I, L, T; 15 bits of picture id; TL0PICIDX; temporal layer 0.
  out[0] = static_cast<std::uint8_t>(0x80 | (first ? 0x10 : 0));
  out[1] = 0xe0;
  net::store_be16(out + 2, static_cast<std::uint16_t>(0x8000 | (frames_ & 0x7fff)));
  out[4] = static_cast<std::uint8_t>(frames_);
  out[5] = 0;
  if (first && key_) std::ranges::copy(kKeyFrame, out + kDescriptorBytes);
  if (first && !key_) std::ranges::copy(kDeltaFrame, out + kDescriptorBytes);
  load::media::write_stamped({out + kHeadBytes, options_.payload_bytes - kHeadBytes},
                             {now_ns, 0, static_cast<std::uint32_t>(index_)});
}

void Camera::write(std::span<net::Packet* const> packets, std::uint64_t now_ns) {
  std::array<srtp::ProtectJob, kMostAtOnce> jobs;
  const auto some = std::span(jobs).first(std::min<std::size_t>(packets.size(), kMostAtOnce));
  for (std::size_t i = 0; i < some.size(); ++i) {
    const auto place = static_cast<unsigned>((index_ - kFirstIndex) % options_.frame_packets);
    if (place == 0) begin_frame(now_ns);
    std::uint8_t* plain = payloads_.get() + i * kSlotBytes;
    write_payload(plain, place == 0, now_ns);
    const rtp::FixedHeader fixed{rtp::Ssrc{Ssrcs::kPublished},
                                 {timestamp_},
                                 {static_cast<std::uint16_t>(index_)},
                                 load::media::kVp8,
                                 place + 1 == options_.frame_packets};
    rtp::ExtensionValues values;
    values.set_abs_send_time(rtp::abs_send_time_at(now_ns));
    values.set_transport_sequence(static_cast<std::uint16_t>(index_));
    std::uint8_t* out = rte_pktmbuf_mtod_offset(packets[i], std::uint8_t*, kNetworkHeaders);
    header_.write(std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes>(out, rtp::HeaderTemplate::kMostBytes), fixed,
                  values);
    some[i].context = context_;
    some[i].header_size = static_cast<std::uint16_t>(header_.size());
    some[i].packet_index = index_++;
    some[i].out = {out, header_.size() + options_.payload_bytes + tag_bytes_};
    some[i].payload = {plain, options_.payload_bytes};
  }
  cipher_.protect(some);
  for (std::size_t i = 0; i < some.size(); ++i) finish(packets[i], some[i].size);
}

void Camera::finish(net::Packet* packet, std::uint32_t rtp_bytes) const {
  std::uint8_t* payload = rte_pktmbuf_mtod_offset(packet, std::uint8_t*, kNetworkHeaders);
  net::DatagramHeader h{
      .source = route_.from, .destination = route_.to, .payload_size = static_cast<std::uint16_t>(rtp_bytes)};
  h.udp_checksum = net::full_udp_checksum(h, net::fold(net::ones_sum({payload, rtp_bytes})));
  net::write_headers(payload, route_.link, h);
  packet->data_len = static_cast<std::uint16_t>(kNetworkHeaders + rtp_bytes);
  packet->pkt_len = packet->data_len;
}

rtp::SenderInfo Camera::sender_info(std::uint64_t now_ns) const {
  return {rtp::ntp_from_unix_ns(now_ns),
          {video_clock(now_ns)},
          static_cast<std::uint32_t>(packets()),
          static_cast<std::uint32_t>(packets() * options_.payload_bytes)};
}

}  // namespace penstock::frame_rooms

#include "bench/load/sfu/media/vp8_encoding.h"

#include <algorithm>
#include <cmath>

#include "bench/load/sfu/media/negotiated.h"
#include "bench/load/sfu/peer/identity.h"
#include "dataplane/rtp/ntp_time.h"

namespace penstock::load::media {
namespace {

constexpr std::uint64_t kLeastKeyInterval_ns = 300'000'000;
constexpr std::size_t kDescriptorBytes = 6;
constexpr std::size_t kFrameTagBytes = 3;       // RFC 6386 section 9.1
constexpr std::size_t kKeyFrameHeadBytes = 10;  // and start code, width, height
constexpr std::size_t kOsnBytes = 2;            // RFC 4588 section 4

rtp::HeaderTemplate make_form(std::string_view mid, std::string_view rid, std::string_view repaired_rid) {
  return rtp::HeaderTemplate::make({.ids = video_extensions(), .mid = mid, .rid = rid, .repaired_rid = repaired_rid})
      .value();
}

/// A frame's place in the pattern of its temporal layers, and its size beside the mean.
struct LayerStep {
  std::uint8_t temporal_layer;
  bool sync;  ///< needs nothing above the base layer
  double weight;
};
constexpr std::array<LayerStep, 1> kOneLayer{{{0, false, 1.0}}};
constexpr std::array<LayerStep, 2> kTwoLayers{{{0, false, 1.25}, {1, true, 0.75}}};
/// libwebrtc's: 0 2 1 2.
constexpr std::array<LayerStep, 4> kThreeLayers{{{0, false, 1.6}, {2, true, 0.7}, {1, true, 1.0}, {2, false, 0.7}}};

const LayerStep& step_of(unsigned layers, std::uint64_t frame) {
  if (layers == 1) return kOneLayer[0];
  if (layers == 2) return kTwoLayers[frame % 2];
  return kThreeLayers[frame % 4];
}

}  // namespace

Vp8Encoding::Vp8Encoding(const Vp8Options& options)
    : options_(options),
      introduction_(make_form(options.mid, options.rid, "")),
      form_(make_form("", "", "")),
      rtx_form_(make_form(options.mid, "", options.rid)),
      index_(peer::random_number() & 0x7fff),
      rtx_index_(peer::random_number() & 0x7fff),
      timestamp_(static_cast<std::uint32_t>(peer::random_number())),
      picture_id_(static_cast<std::uint16_t>(peer::random_number() & 0x7fff)),
      tl0picidx_(static_cast<std::uint8_t>(peer::random_number())),
      sent_(kRemembered) {}

std::size_t Vp8Encoding::frame_bytes(bool key) {
  const double mean = options_.bit_rate / 8 / options_.frame_rate;
  const double weight = key ? options_.key_frame_factor : step_of(options_.temporal_layers, since_key_).weight;
  // Sizes vary by a tenth, always the same way for a frame number, so that runs can be compared.
  const double vary = 0.9 + 0.2 * static_cast<double>(frames_ * 2654435761u % 1024) / 1023;
  return std::max<std::size_t>(static_cast<std::size_t>(std::lround(mean * weight * vary)), 64);
}

void Vp8Encoding::choose_layer(bool key) {
  const LayerStep& step = step_of(options_.temporal_layers, since_key_);
  const std::uint8_t temporal_layer = key ? 0 : step.temporal_layer;
  if (temporal_layer == 0) ++tl0picidx_;
  layer_ = static_cast<std::uint8_t>(temporal_layer << 6 | ((step.sync && !key) ? 1 << 5 : 0));
}

void Vp8Encoding::begin_frame(Sender& sender, std::uint64_t now_ns) {
  send_some(sender, packets_left_, now_ns);
  key_ = key_wanted_;
  key_wanted_ = false;
  if (key_) {
    since_key_ = 0;
    ++key_frames_;
  }
  choose_layer(key_);
  const std::size_t bytes = frame_bytes(key_);
  const auto steps = std::llround(kVideoClock_hz / options_.frame_rate);
  timestamp_ += static_cast<std::uint32_t>(steps);
  frame_ns_ = now_ns;
  picture_id_ = (picture_id_ + 1) & 0x7fff;
  ++frames_;
  ++since_key_;
  packets_left_ = static_cast<unsigned>((bytes + options_.packet_bytes - 1) / options_.packet_bytes);
  bytes_each_ = (bytes + packets_left_ - 1) / packets_left_;
  bytes_left_ = bytes;
  started_ = false;
}

bool Vp8Encoding::send_some(Sender& sender, unsigned packets, std::uint64_t now_ns) {
  for (; packets > 0 && packets_left_ > 0; --packets) {
    --packets_left_;
    const std::size_t share = std::min(bytes_each_, bytes_left_);
    bytes_left_ -= share;
    Sent& packet = sent_[index_ % kRemembered];
    packet = {.index = index_, .sent_ns = now_ns, .timestamp = timestamp_};
    packet.payload_bytes = static_cast<std::uint16_t>(std::max<std::size_t>(share, 40));
    packet.picture_id = picture_id_;
    packet.tl0picidx = tl0picidx_;
    packet.layer = layer_;
    packet.start = !started_;
    packet.key = key_;
    packet.marker = packets_left_ == 0;
    started_ = true;
    const std::size_t bytes = write_payload(sender.payload(), packet);
    const rtp::FixedHeader fixed{
        rtp::Ssrc{options_.ssrc}, {timestamp_}, {static_cast<std::uint16_t>(index_)}, kVp8, packet.marker};
    if (to_lose_ > 0) {
      --to_lose_;
    } else {
      sender.send({packets_ < kIntroduced ? introduction_ : form_, fixed, {}, index_}, bytes, now_ns);
    }
    ++index_;
    ++packets_;
    octets_ += bytes;
  }
  return packets_left_ == 0;
}

std::size_t Vp8Encoding::write_payload(std::span<std::uint8_t> out, const Sent& packet) const {
  out[0] = static_cast<std::uint8_t>(0x80 | (packet.start ? 0x10 : 0) | (packet.layer >> 6 == 2 ? 0x20 : 0));
  out[1] = 0xe0;  // picture id, tl0picidx, temporal layer
  out[2] = static_cast<std::uint8_t>(0x80 | packet.picture_id >> 8);
  out[3] = static_cast<std::uint8_t>(packet.picture_id);
  out[4] = packet.tl0picidx;
  out[5] = packet.layer;
  std::size_t head = kDescriptorBytes;
  if (packet.start) {
    const std::array<std::uint8_t, kKeyFrameHeadBytes> tag{static_cast<std::uint8_t>(0x10 | (packet.key ? 0 : 1)),
                                                           0,
                                                           0,
                                                           0x9d,
                                                           0x01,
                                                           0x2a,
                                                           static_cast<std::uint8_t>(options_.width),
                                                           static_cast<std::uint8_t>(options_.width >> 8),
                                                           static_cast<std::uint8_t>(options_.height),
                                                           static_cast<std::uint8_t>(options_.height >> 8)};
    const std::size_t tag_bytes = packet.key ? kKeyFrameHeadBytes : kFrameTagBytes;
    std::copy_n(tag.begin(), tag_bytes, out.begin() + static_cast<std::ptrdiff_t>(head));
    head += tag_bytes;
  }
  write_stamped(out.subspan(head, packet.payload_bytes - head),
                {packet.sent_ns, options_.source, static_cast<std::uint32_t>(packet.index)});
  return packet.payload_bytes;
}

void Vp8Encoding::request_key_frame(std::uint64_t now_ns) {
  if (now_ns - key_wanted_ns_ < kLeastKeyInterval_ns) return;
  key_wanted_ns_ = now_ns;
  key_wanted_ = true;
}

void Vp8Encoding::resend(Sender& sender, rtp::SequenceNumber sequence, std::uint64_t now_ns) {
  const std::uint64_t last = index_ - 1;
  const auto back = static_cast<std::uint16_t>(static_cast<std::uint16_t>(last) - sequence.value);
  const Sent& packet = sent_[(last - back) % kRemembered];
  if (back >= kRemembered || packet.payload_bytes == 0 || packet.index != last - back || options_.rtx_ssrc == 0) {
    ++not_remembered_;
    return;
  }
  const auto out = sender.payload();
  net::store_be16(out.data(), sequence.value);
  const std::size_t bytes = kOsnBytes + write_payload(out.subspan(kOsnBytes), packet);
  const rtp::FixedHeader fixed{
      rtp::Ssrc{options_.rtx_ssrc}, {packet.timestamp}, {static_cast<std::uint16_t>(rtx_index_)}, kRtx, packet.marker};
  sender.send({rtx_form_, fixed, {}, rtx_index_}, bytes, now_ns);
  ++rtx_index_;
  ++resent_;
}

rtp::SenderInfo Vp8Encoding::sender_info(std::uint64_t now_ns) const {
  const auto since = static_cast<std::uint32_t>((now_ns - frame_ns_) * kVideoClock_hz / 1'000'000'000);
  return {rtp::ntp_from_unix_ns(now_ns),
          {timestamp_ + since},
          static_cast<std::uint32_t>(packets_),
          static_cast<std::uint32_t>(octets_)};
}

}  // namespace penstock::load::media

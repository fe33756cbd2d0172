#include "bench/load/sfu/media/audio_source.h"

#include <algorithm>

#include "bench/load/sfu/media/negotiated.h"
#include "bench/load/sfu/media/stamp.h"
#include "bench/load/sfu/peer/identity.h"
#include "dataplane/rtp/ntp_time.h"

namespace penstock::load::media {
namespace {

constexpr std::uint64_t kPacket_ns = 20'000'000;
constexpr std::uint32_t kPacketSamples = kOpusClock_hz / 50;
constexpr std::uint8_t kTableOfContents = 0x78;  // RFC 6716 section 3.1: CELT, fullband, 20 ms, mono, one frame
constexpr std::size_t kLeastPayload = 1 + kStampBytes;
constexpr std::uint8_t kVoice = 0x80;
constexpr std::uint8_t kSpeaking = 60;  ///< louder than this, in -dBov

}  // namespace

AudioSource::AudioSource(Sender& sender, const AudioOptions& options)
    : sender_(sender),
      options_(options),
      form_(rtp::HeaderTemplate::make({.ids = audio_extensions(), .mid = options.mid}).value()),
      payload_bytes_(std::max(static_cast<std::size_t>(options.bit_rate / 8 / 50), kLeastPayload)),
      index_(peer::random_number() & 0x7fff),
      timestamp_(static_cast<std::uint32_t>(peer::random_number())) {}

std::uint64_t AudioSource::run(std::uint64_t now_ns) {
  next_ns_ = std::max(next_ns_ + kPacket_ns, now_ns + kPacket_ns / 2);
  if (!sender_.ready()) return next_ns_;
  const auto out = sender_.payload();
  out[0] = kTableOfContents;
  write_stamped(out.subspan(1, payload_bytes_ - 1), {now_ns, options_.source, static_cast<std::uint32_t>(index_)});
  timestamp_ += kPacketSamples;
  rtp::ExtensionValues values;
  values.set_audio_level(static_cast<std::uint8_t>(options_.level | (options_.level < kSpeaking ? kVoice : 0)));
  const rtp::FixedHeader fixed{
      rtp::Ssrc{options_.ssrc}, {timestamp_}, {static_cast<std::uint16_t>(index_)}, kOpus, packets_ == 0};
  sender_.send({form_, fixed, values, index_}, payload_bytes_, now_ns);
  ++index_;
  ++packets_;
  sent_ns_ = now_ns;
  return next_ns_;
}

rtp::SenderInfo AudioSource::sender_info(std::uint64_t now_ns) const {
  const auto since = static_cast<std::uint32_t>((now_ns - sent_ns_) * kOpusClock_hz / 1'000'000'000);
  return {rtp::ntp_from_unix_ns(now_ns),
          {timestamp_ + since},
          static_cast<std::uint32_t>(packets_),
          static_cast<std::uint32_t>(packets_ * payload_bytes_)};
}

}  // namespace penstock::load::media

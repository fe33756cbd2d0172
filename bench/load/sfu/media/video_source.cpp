#include "bench/load/sfu/media/video_source.h"

#include <algorithm>

namespace penstock::load::media {
namespace {

constexpr std::uint64_t kSecond_ns = 1'000'000'000;
/// A frame that is paced leaves in so many portions, the last of them at two thirds of its time.
constexpr unsigned kPortions = 6;

}  // namespace

VideoSource::VideoSource(Sender& sender, const VideoOptions& options)
    : sender_(sender),
      frame_interval_ns_(static_cast<std::uint64_t>(kSecond_ns / options.encodings.front().frame_rate)),
      key_interval_ns_(static_cast<std::uint64_t>(options.key_interval_s * kSecond_ns)),
      paced_(options.paced) {
  for (const Vp8Options& encoding : options.encodings) encodings_.emplace_back(encoding);
}

Vp8Encoding* VideoSource::encoding(std::uint32_t ssrc) {
  const auto found =
      std::find_if(encodings_.begin(), encodings_.end(), [&](const auto& encoding) { return encoding.ssrc() == ssrc; });
  return found == encodings_.end() ? nullptr : &*found;
}

std::uint64_t VideoSource::run(std::uint64_t now_ns) {
  if (paused_ || !sender_.ready()) return now_ns + frame_interval_ns_;
  if (now_ns >= next_frame_ns_) return begin_frame(now_ns);
  bool all_out = true;
  for (Vp8Encoding& encoding : encodings_) {
    all_out &= encoding.send_some(sender_, (encoding.packets_left() + kPortions - 2) / (kPortions - 1), now_ns);
  }
  const std::uint64_t portion_ns = frame_interval_ns_ * 2 / 3 / (kPortions - 1);
  return all_out ? next_frame_ns_ : std::min(next_frame_ns_, now_ns + portion_ns);
}

std::uint64_t VideoSource::begin_frame(std::uint64_t now_ns) {
  if (key_interval_ns_ > 0 && now_ns >= next_key_ns_) {
    next_key_ns_ = now_ns + key_interval_ns_;
    for (Vp8Encoding& encoding : encodings_) encoding.request_key_frame(now_ns);
  }
  // A clock that does not drift; but what was slept through is not made up for.
  next_frame_ns_ = std::max(next_frame_ns_ + frame_interval_ns_, now_ns + frame_interval_ns_ / 2);
  bool all_out = true;
  for (Vp8Encoding& encoding : encodings_) {
    encoding.begin_frame(sender_, now_ns);
    const unsigned portion = paced_ ? (encoding.packets_left() + kPortions - 1) / kPortions : encoding.packets_left();
    all_out &= encoding.send_some(sender_, portion, now_ns);
  }
  return all_out ? next_frame_ns_ : now_ns + frame_interval_ns_ * 2 / 3 / (kPortions - 1);
}

}  // namespace penstock::load::media

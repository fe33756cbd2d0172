#pragma once
// A camera: one to three encodings of the same picture on one clock.

#include <cstdint>
#include <vector>

#include "bench/load/sfu/media/vp8_encoding.h"
#include "bench/load/sfu/peer/schedule.h"

namespace penstock::load::media {

struct VideoOptions {
  std::vector<Vp8Options> encodings;  ///< the lowest quality first
  double key_interval_s = 0;          ///< a key frame at least so often; 0: only when asked for
  bool paced = false;                 ///< packets of a frame spread over two thirds of its time; otherwise as a train
};

/// Runs by itself once added to a schedule. Sends while the sender is ready.
class VideoSource final : public peer::Task {
 public:
  VideoSource(Sender& sender, const VideoOptions& options);

  std::uint64_t run(std::uint64_t now_ns) override;
  /// The encoding that sends from this SSRC; nullptr: none.
  Vp8Encoding* encoding(std::uint32_t ssrc);
  std::vector<Vp8Encoding>& encodings() { return encodings_; }
  const std::vector<Vp8Encoding>& encodings() const { return encodings_; }
  /// Sends nothing more, or goes on.
  void pause(bool paused) { paused_ = paused; }

 private:
  std::uint64_t begin_frame(std::uint64_t now_ns);

  Sender& sender_;
  std::vector<Vp8Encoding> encodings_;
  std::uint64_t frame_interval_ns_;
  std::uint64_t key_interval_ns_;
  bool paced_;
  bool paused_ = false;
  std::uint64_t next_frame_ns_ = 0;
  std::uint64_t next_key_ns_ = 0;
};

}  // namespace penstock::load::media

#pragma once
// A microphone: Opus packets of 20 ms with their level (RFC 7587, RFC 6464).

#include <cstdint>
#include <string>

#include "bench/load/sfu/media/sender.h"
#include "bench/load/sfu/peer/schedule.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/rtcp_reports.h"

namespace penstock::load::media {

struct AudioOptions {
  std::string mid;
  std::uint32_t ssrc = 0;
  std::uint32_t source = 0;  ///< of its stamps
  double bit_rate = 32'000;  ///< of RTP payload
  std::uint8_t level = 30;   ///< -dBov: 0 is the loudest, 127 is silence
};

class AudioSource final : public peer::Task {
 public:
  AudioSource(Sender& sender, const AudioOptions& options);

  std::uint64_t run(std::uint64_t now_ns) override;
  std::uint32_t ssrc() const { return options_.ssrc; }
  void set_level(std::uint8_t level) { options_.level = level; }
  rtp::SenderInfo sender_info(std::uint64_t now_ns) const;
  std::uint64_t packets() const { return packets_; }

 private:
  Sender& sender_;
  AudioOptions options_;
  rtp::HeaderTemplate form_;
  std::size_t payload_bytes_;
  std::uint64_t index_;
  std::uint32_t timestamp_;
  std::uint64_t next_ns_ = 0, sent_ns_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace penstock::load::media

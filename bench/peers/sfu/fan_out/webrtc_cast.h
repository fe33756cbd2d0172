#pragma once
// Publishers and receivers that are WebRTC endpoints: ICE, DTLS, SRTP.

#include <memory>
#include <vector>

#include "bench/load/sfu/peer/loop.h"
#include "bench/peers/sfu/fan_out/cast.h"
#include "dataplane/rtp/header_template.h"

namespace penstock::peers {

class WebRtcCast final : public Cast {
 public:
  static tl::expected<std::unique_ptr<Cast>, std::string> open(const CastOptions& options);

  /// Each as its members of PUT .../endpoints/{endpoint} (/v1); publishers with their "ssrc".
  nlohmann::json describe() const override;
  /// {"do": "connect", "publishers": [local, ...], "receivers": [local, ...]}: what /v1 answered to each.
  /// {"do": "offer", "publisher": 0} -> {"sdp": ...}; {"do": "accept", "publisher": 0, "sdp": the answer}.
  /// {"do": "answer", "receiver": 0, "sdp": the offer} -> {"sdp": ...}.
  tl::expected<nlohmann::json, std::string> signal(const nlohmann::json& command) override;
  tl::expected<bool, std::string> ready(bool publishers_only) override;
  void send_frame(unsigned publisher, std::uint64_t now_ns) override;
  void turn() override;
  nlohmann::json findings() const override;

 private:
  using Result = tl::expected<nlohmann::json, std::string>;

  /// A camera: sends key frames when asked to.
  struct Publisher final : load::peer::Listener {
    explicit Publisher(const Video& of) : video(of) {}
    void on_state(load::peer::State, std::uint64_t) override {}
    void on_rtp(const load::peer::ReceivedRtp&) override {}
    void on_rtcp(const rtp::RtcpCompound& compound, std::uint64_t now_ns) override;

    Video video;
    load::peer::Endpoint* endpoint = nullptr;
  };
  struct Receiver final : load::peer::Listener {
    void on_state(load::peer::State, std::uint64_t) override {}
    void on_rtp(const load::peer::ReceivedRtp& packet) override;
    void on_rtcp(const rtp::RtcpCompound&, std::uint64_t) override {}

    unsigned number = 0;
    Arrivals* arrivals = nullptr;
    load::peer::Endpoint* endpoint = nullptr;
  };

  WebRtcCast(const CastOptions& options, std::unique_ptr<load::peer::Loop> loop);
  Result connect(const nlohmann::json& command);
  Result offer(Publisher& publisher);
  Result accept(Publisher& publisher, const std::string& sdp);
  Result answer(Receiver& receiver, const std::string& sdp);

  const rtp::HeaderTemplate form_;
  std::vector<std::unique_ptr<Publisher>> publishers_;  ///< endpoints hold on to them
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::unique_ptr<load::peer::Loop> loop_;
};

}  // namespace penstock::peers

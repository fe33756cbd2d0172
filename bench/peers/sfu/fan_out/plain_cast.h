#pragma once
// Publishers and receivers of plain RTP: what rtpengine relays, and what Janus's streaming plugin takes.

#include <memory>

#include "bench/load/turn/burst_receiver.h"
#include "bench/load/turn/udp_socket.h"
#include "bench/peers/sfu/fan_out/cast.h"

namespace penstock::peers {

/// A socket each. A frame leaves as one train (UDP_SEGMENT), as it would arrive from a NIC with GRO; receivers take
/// trains whole where a server makes them.
class PlainCast final : public Cast {
 public:
  static tl::expected<std::unique_ptr<Cast>, std::string> open(const CastOptions& options);
  ~PlainCast() override;

  nlohmann::json describe() const override;
  /// {"do": "connect", "publishers": ["address:port", ...]}: where each publisher sends to.
  tl::expected<nlohmann::json, std::string> signal(const nlohmann::json& command) override;
  tl::expected<bool, std::string> ready(bool) override { return connected_; }
  void send_frame(unsigned publisher, std::uint64_t now_ns) override;
  void turn() override;
  nlohmann::json findings() const override;

 private:
  explicit PlainCast(const CastOptions& options);
  tl::expected<void, std::string> watch();
  void take(unsigned receiver, rtp::Bytes packet, std::uint64_t now_ns);

  std::vector<load::UdpSocket> publishers_, receivers_;
  std::vector<Video> videos_;
  load::BurstReceiver inbox_;
  std::vector<std::uint8_t> frame_;
  int epoll_ = -1;
  bool connected_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace penstock::peers

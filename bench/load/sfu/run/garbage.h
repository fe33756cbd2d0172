#pragma once
// Datagrams that nobody asked for, so many per second: what a relay on the Internet has to live with.

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/peer/endpoint.h"
#include "bench/load/sfu/peer/schedule.h"
#include "bench/load/turn/udp_socket.h"

namespace penstock::load::sfu {

enum class GarbageKind : std::uint8_t {
  stun,   ///< connectivity checks for an existing user fragment, signed with a wrong key
  dtls,   ///< handshake and application records of noise
  media,  ///< RTP of noise
};

/// Sends trains of equal datagrams from strangers' sockets, and, if there is one, from a connected endpoint's.
class Garbage final : private peer::Task {
 public:
  struct Options {
    GarbageKind kind = GarbageKind::stun;
    net::Endpoint from;  ///< port 0
    net::Endpoint to;    ///< the relay's media address
    std::string ufrag;   ///< of an endpoint there
    double per_second = 0;
    peer::Endpoint* insider = nullptr;  ///< every other train is its
  };
  /// Runs from now on; `schedule` and the insider outlive it.
  static tl::expected<std::unique_ptr<Garbage>, std::string> start(peer::Schedule& schedule, const Options& options);
  ~Garbage() override;
  Garbage(const Garbage&) = delete;
  Garbage& operator=(const Garbage&) = delete;

  std::uint64_t sent() const { return sent_; }

 private:
  static constexpr unsigned kTrain = 32;
  static constexpr unsigned kTrains = 16;  ///< different ones

  Garbage(peer::Schedule& schedule, const Options& options) : schedule_(schedule), options_(options) {}
  void build();
  std::uint64_t run(std::uint64_t now_ns) override;
  void send_train(int fd, std::vector<std::uint8_t>& train);

  peer::Schedule& schedule_;
  Options options_;
  std::vector<UdpSocket> strangers_;
  std::vector<std::vector<std::uint8_t>> trains_;
  std::size_t datagram_bytes_ = 0;
  double due_ = 0;
  std::uint64_t last_ns_ = 0;
  std::uint64_t turn_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace penstock::load::sfu

#pragma once
// A WebRTC endpoint without a socket, as far as its keys: ICE and DTLS, datagrams in and out.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bench/load/sfu/peer/ice_agent.h"
#include "bench/load/sfu/peer/identity.h"
#include "bench/load/sfu/peer/parameters.h"
#include "control/dtls/session.h"

namespace penstock::frame_rooms {

class Station {
 public:
  enum class State : std::uint8_t {
    idle,         ///< connect() was not called yet
    checking,     ///< ICE connectivity checks
    handshaking,  ///< DTLS, as client
    connected,    ///< keys are there; consent is kept fresh
    failed,       ///< failure() says why
  };
  using Send = std::function<void(std::span<const std::uint8_t> datagram)>;

  /// `identity` outlives it. Datagrams leave by `send` while one of the functions below runs.
  Station(const load::peer::Identity& identity, const net::Endpoint& local, Send send);

  /// What to tell the other side.
  const load::peer::TransportParameters& local() const { return local_; }
  /// Begins with what the other side, a DTLS server, told.
  void connect(load::peer::TransportParameters remote, std::uint64_t now_ns);
  /// STUN and DTLS; everything else is ignored.
  void receive(std::span<const std::uint8_t> datagram, std::uint64_t now_ns);
  /// Sends what is due: checks, flights of the handshake again. Call it a few times per second.
  void poll(std::uint64_t now_ns);

  State state() const { return state_; }
  const std::string& failure() const { return failure_; }
  /// Of the other side; its first candidate.
  const net::Endpoint& remote() const { return remote_; }
  /// Once connected.
  const std::optional<control::dtls::SrtpKeys>& keys() const { return keys_; }

 private:
  void receive_stun(std::span<const std::uint8_t> datagram, std::uint64_t now_ns);
  void begin_handshake();
  void after_handshake_step();
  void fail(std::string why);

  const load::peer::Identity& identity_;
  Send send_;
  load::peer::IceAgent ice_;
  load::peer::TransportParameters local_;
  net::Endpoint remote_;
  std::vector<control::dtls::Fingerprint> fingerprints_;  ///< that the other side may have
  std::unique_ptr<control::dtls::Session> handshake_;     ///< 74 KB, so not for longer than it takes
  std::optional<control::dtls::SrtpKeys> keys_;
  State state_ = State::idle;
  std::string failure_;
};

}  // namespace penstock::frame_rooms

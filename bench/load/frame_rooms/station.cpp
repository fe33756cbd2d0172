#include "bench/load/frame_rooms/station.h"

#include <array>
#include <utility>

#include "dataplane/stun/demultiplex.h"

namespace penstock::frame_rooms {
namespace {

using control::dtls::Session;
using load::peer::IceAgent;

constexpr std::size_t kUfragLetters = 8;
constexpr std::size_t kPwdLetters = 24;

}  // namespace

Station::Station(const load::peer::Identity& identity, const net::Endpoint& local, Send send)
    : identity_(identity),
      send_(std::move(send)),
      ice_(load::peer::random_text(kUfragLetters), load::peer::random_text(kPwdLetters)) {
  local_.ice_ufrag = ice_.ufrag();
  local_.ice_pwd = ice_.pwd();
  local_.setup = load::peer::DtlsSetup::active;
  local_.fingerprints = {identity.fingerprint()};
  local_.candidates = {local};
}

void Station::connect(load::peer::TransportParameters remote, std::uint64_t now_ns) {
  if (remote.candidates.empty() || remote.setup == load::peer::DtlsSetup::active) {
    return fail("the relay told no candidate, or wants to be the DTLS client");
  }
  remote_ = remote.candidates.front();
  fingerprints_ = std::move(remote.fingerprints);
  ice_.begin(remote.ice_ufrag, remote.ice_pwd, now_ns);
  state_ = State::checking;
  poll(now_ns);
}

void Station::receive(std::span<const std::uint8_t> datagram, std::uint64_t now_ns) {
  switch (stun::classify(datagram)) {
    case stun::PacketKind::stun:
      return receive_stun(datagram, now_ns);
    case stun::PacketKind::dtls:
      if (!handshake_) return;
      handshake_->receive(datagram);
      return after_handshake_step();
    default:
      return;
  }
}

void Station::receive_stun(std::span<const std::uint8_t> datagram, std::uint64_t now_ns) {
  std::array<std::uint8_t, IceAgent::kMostMessageBytes> answer;
  const std::size_t size = ice_.receive(datagram, remote_, now_ns, answer);
  if (size > 0) send_(std::span(answer).first(size));
  if (state_ == State::checking && ice_.state() == IceAgent::State::connected) begin_handshake();
}

void Station::poll(std::uint64_t now_ns) {
  std::array<std::uint8_t, IceAgent::kMostMessageBytes> check;
  if (const std::size_t size = ice_.poll(now_ns, check); size > 0) send_(std::span(check).first(size));
  if (ice_.state() == IceAgent::State::failed) return fail("the relay does not answer connectivity checks");
  if (!handshake_ || handshake_->until_retransmission() != std::chrono::microseconds(0)) return;
  handshake_->retransmit();
  after_handshake_step();
}

void Station::begin_handshake() {
  state_ = State::handshaking;
  handshake_ = Session::open(identity_.context(), {.role = control::dtls::Role::active}, fingerprints_, send_);
  if (!handshake_) return fail("no memory for a DTLS session");
  handshake_->begin();
  after_handshake_step();
}

void Station::after_handshake_step() {
  const Session::State state = handshake_->state();
  if (state == Session::State::handshaking) return;
  if (state != Session::State::failed) keys_ = handshake_->keys();
  if (!keys_) return fail("DTLS: " + handshake_->detail());
  state_ = State::connected;
  handshake_.reset();  // a client has had the server's last word
}

void Station::fail(std::string why) {
  if (state_ == State::failed) return;
  state_ = State::failed;
  failure_ = std::move(why);
  handshake_.reset();
}

}  // namespace penstock::frame_rooms

#include "bench/load/sfu/peer/endpoint.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "bench/load/sfu/peer/identity.h"
#include "bench/load/sfu/peer/loop.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::peer {
namespace {

constexpr std::size_t kUfragLetters = 8;
constexpr std::size_t kPwdLetters = 24;
/// As DTLS server ours is the last flight, and may be asked for again.
constexpr std::uint64_t kKeepHandshake_ns = 3'000'000'000;

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::checking:
      return "checking";
    case State::handshaking:
      return "handshaking";
    case State::connected:
      return "connected";
    case State::failed:
      return "failed";
    case State::closed:
      return "closed";
  }
  return "?";
}

Endpoint::Endpoint(Loop& loop, std::uint32_t number, UdpSocket socket)
    : loop_(loop),
      number_(number),
      socket_(std::move(socket)),
      ice_(random_text(kUfragLetters), random_text(kPwdLetters)) {
  local_.ice_ufrag = ice_.ufrag();
  local_.ice_pwd = ice_.pwd();
  local_.fingerprints = {loop.identity().fingerprint()};
  local_.candidates = {socket_.local()};
}

Endpoint::~Endpoint() = default;

Outbox& Endpoint::outbox() {
  return loop_.outbox();
}

tl::expected<void, std::string> Endpoint::connect(const TransportParameters& remote) {
  const auto reachable = std::find_if(remote.candidates.begin(), remote.candidates.end(), [&](const auto& candidate) {
    return candidate.address.family() == socket_.local().address.family();
  });
  if (reachable == remote.candidates.end()) {
    return tl::unexpected(fmt::format("none of the other side's {} candidates is of the address family of {}",
                                      remote.candidates.size(), net::to_string(socket_.local())));
  }
  if (remote.ice_ufrag.empty() || remote.ice_pwd.empty()) {
    return tl::unexpected(std::string("the other side told no ICE credentials"));
  }
  if (remote.fingerprints.empty()) return tl::unexpected(std::string("the other side told no certificate fingerprint"));
  if (auto connected = socket_.connect(*reachable); !connected) return connected;
  remote_ = *reachable;
  remote_parameters_ = remote;
  began_ns_ = now_ns();
  ice_.begin(remote.ice_ufrag, remote.ice_pwd, began_ns_);
  set_state(State::checking, began_ns_);
  loop_.schedule().add(*this, began_ns_);
  return {};
}

void Endpoint::send_raw(std::span<const std::uint8_t> datagram) {
  if (silent_) return;
  ::send(socket_.fd(), datagram.data(), datagram.size(), MSG_DONTWAIT);
}

void Endpoint::go_silent() {
  silent_ = true;
  loop_.stop_reading(*this);
}

std::uint64_t Endpoint::run(std::uint64_t now_ns) {
  if (silent_) return kNever;
  std::array<std::uint8_t, IceAgent::kMostMessageBytes> check;
  if (const std::size_t size = ice_.poll(now_ns, check); size > 0) send_raw(std::span(check).first(size));
  if (ice_.state() == IceAgent::State::failed && state_ != State::failed) {
    fail(State::failed, fmt::format("{} does not answer connectivity checks", net::to_string(remote_)), now_ns);
  }
  if (handshake_ && now_ns >= free_handshake_ns_) handshake_.reset();
  if (handshake_ && handshake_->until_retransmission() == std::chrono::microseconds(0)) {
    handshake_->retransmit();
    after_handshake_step(now_ns);
  }
  return next_due_ns(now_ns);
}

std::uint64_t Endpoint::next_due_ns(std::uint64_t now_ns) const {
  std::uint64_t due = ice_.due_ns();
  if (!handshake_) return due;
  due = std::min(due, free_handshake_ns_);
  if (const auto left = handshake_->until_retransmission()) {
    due = std::min(due, now_ns + static_cast<std::uint64_t>(left->count()) * 1000);
  }
  return std::max(due, now_ns + 1'000'000);  // OpenSSL's clock and ours need not agree to the microsecond
}

void Endpoint::take_stun(std::span<const std::uint8_t> datagram, std::uint64_t now_ns) {
  if (silent_) return;
  std::array<std::uint8_t, IceAgent::kMostMessageBytes> answer;
  const std::size_t size = ice_.receive(datagram, remote_, now_ns, answer);
  if (size > 0) send_raw(std::span(answer).first(size));
  if (state_ == State::checking && ice_.state() == IceAgent::State::connected) {
    ice_ns_ = now_ns - began_ns_;
    begin_handshake(now_ns);
  }
  loop_.schedule().add(*this, std::max(ice_.due_ns(), now_ns));
}

void Endpoint::begin_handshake(std::uint64_t now_ns) {
  set_state(State::handshaking, now_ns);
  control::dtls::SessionOptions options;
  // Whoever leaves it to us gets a server's counterpart: the client, as browsers are towards an SFU.
  options.role =
      remote_parameters_.setup == DtlsSetup::active ? control::dtls::Role::passive : control::dtls::Role::active;
  handshake_ = control::dtls::Session::open(loop_.identity().context(), options, remote_parameters_.fingerprints,
                                            [this](std::span<const std::uint8_t> datagram) { send_raw(datagram); });
  if (!handshake_) return fail(State::failed, "no memory for a DTLS session", now_ns);
  if (options.role == control::dtls::Role::active) handshake_->begin();
  if (!early_hello_.empty()) handshake_->receive(std::exchange(early_hello_, {}));
  after_handshake_step(now_ns);
}

void Endpoint::take_dtls(std::span<const std::uint8_t> datagram, std::uint64_t now_ns) {
  if (silent_) return;
  if (handshake_) {
    handshake_->receive(datagram);
    after_handshake_step(now_ns);
  } else if (state_ == State::connected && farewell_.read(datagram)) {
    fail(State::closed, "the other side ended the DTLS association", now_ns);
  } else if (state_ == State::checking) {
    early_hello_.assign(datagram.begin(), datagram.end());
  }
}

void Endpoint::after_handshake_step(std::uint64_t now_ns) {
  using Session = control::dtls::Session;
  const Session::State state = handshake_->state();
  if (state_ == State::handshaking && state == Session::State::failed) {
    return fail(State::failed, "DTLS: " + handshake_->detail(), now_ns);
  }
  if (state_ == State::handshaking && state != Session::State::handshaking) {
    const auto keys = handshake_->keys();
    if (!keys) return fail(State::failed, "DTLS agreed on no SRTP profile", now_ns);
    farewell_ = handshake_->farewell();
    // As client we had the last word of the other side already: nobody needs our session any more.
    const bool client = remote_parameters_.setup != DtlsSetup::active;
    free_handshake_ns_ = client ? now_ns : now_ns + kKeepHandshake_ns;
    secure(*keys, now_ns);
  } else if (state_ == State::connected && state == Session::State::closed) {
    fail(State::closed, "the other side ended the DTLS association", now_ns);
  }
  loop_.schedule().add(*this, next_due_ns(now_ns));
}

void Endpoint::secure(const control::dtls::SrtpKeys& keys, std::uint64_t now_ns) {
  loop_.cipher_->install(receive_context(), keys.receive);
  loop_.cipher_->install(send_context(), keys.send);
  profile_ = keys.receive.profile;
  setup_ns_ = now_ns - began_ns_;
  set_state(State::connected, now_ns);
}

void Endpoint::fail(State state, std::string why, std::uint64_t now_ns) {
  failure_ = std::move(why);
  set_state(state, now_ns);
}

void Endpoint::set_state(State state, std::uint64_t now_ns) {
  state_ = state;
  if (listener_ != nullptr) listener_->on_state(state, now_ns);
}

}  // namespace penstock::load::peer

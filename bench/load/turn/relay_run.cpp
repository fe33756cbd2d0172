#include "bench/load/turn/relay_run.h"

#include <random>

#include "bench/load/turn/clock.h"
#include "dataplane/stun/attributes.h"
#include "dataplane/stun/channel_data.h"

namespace penstock::load {
namespace {

constexpr unsigned kBurstsPerSocket = 4;
constexpr std::uint64_t kSweepNs = 20'000'000;
/// How long the last packets may take before they count as lost.
constexpr std::uint64_t kSettleNs = 300'000'000;
/// Whole answers and Data indications; of payloads at the peer only the stamp.
constexpr std::size_t kClientSnap = 2048;
constexpr std::size_t kPeerSnap = 64;

/// First bytes of a Data indication: class indication, method 0x007.
bool is_data_indication(stun::Bytes datagram) {
  return datagram.size() >= stun::kHeaderBytes && stun::load_be16(datagram.data()) == 0x0017;
}

}  // namespace

RelayRun::RelayRun(const Options& options, Session& session, const ServerProcess* server)
    : options_(options),
      session_(session),
      server_(server),
      at_clients_(options.gro, kClientSnap),
      at_peers_(options.gro, kPeerSnap) {
  const std::uint32_t run = std::random_device{}();
  if (options.direction != Direction::to_client) {
    to_peer_.emplace(options, streams_to_peer(options, session.grid().routes(), session.clients()), run);
  }
  if (options.direction == Direction::to_client || options.direction == Direction::both) {
    to_client_.emplace(options, streams_to_client(options, session.peers(), session.clients()), run);
  }
  if (options.direction == Direction::echo) echo_.emplace(options.gro);
}

RelayResult RelayRun::measure() {
  RelayResult result;
  next_refresh_ns_ = now_ns() + to_ns(options_.refresh_s);
  const std::uint64_t drops_before = server_ != nullptr ? server_->receive_drops() : 0;
  const std::uint64_t own_drops_before = far_end_drops();
  run_until(now_ns() + to_ns(options_.warmup_s), UINT64_MAX);

  const ServerCost at_open = server_ != nullptr ? cost_so_far(*server_) : ServerCost{};
  const std::uint64_t open = now_ns();
  const std::uint64_t echoed_at_open = echoed_;
  if (to_peer_) to_peer_->open(open);
  if (to_client_) to_client_->open(open);
  run_until(open + to_ns(options_.duration_s), options_.packets != 0 ? options_.packets : UINT64_MAX);

  const std::uint64_t close = now_ns();
  if (to_peer_) to_peer_->close(close);
  if (to_client_) to_client_->close(close);
  result.echoed = echoed_ - echoed_at_open;
  if (server_ != nullptr) result.server = cost_since(at_open, *server_);
  settle();

  result.seconds = static_cast<double>(close - open) / 1e9;
  if (to_peer_) result.to_peer = to_peer_->result();
  if (to_client_) result.to_client = to_client_->result();
  if (server_ != nullptr) result.server->receive_drops = server_->receive_drops() - drops_before;
  result.far_end_drops = far_end_drops() - own_drops_before;
  return result;
}

void RelayRun::run_until(std::uint64_t end_ns, std::uint64_t packets) {
  for (std::uint64_t now = now_ns(); now < end_ns; now = now_ns()) {
    if ((to_peer_ ? to_peer_->sent() : 0) + (to_client_ ? to_client_->sent() : 0) >= packets) return;
    send(now);
    receive();
    keep_alive(now);
  }
}

void RelayRun::settle() {
  const std::uint64_t deadline = now_ns() + kSettleNs;
  while (now_ns() < deadline) {
    if ((!to_peer_ || to_peer_->settled()) && (!to_client_ || to_client_->settled())) return;
    next_sweep_ns_ = 0;
    receive();
  }
}

void RelayRun::send(std::uint64_t now_ns) {
  if (to_peer_) to_peer_->send(now_ns);
  if (to_client_) to_client_->send(now_ns);
}

void RelayRun::receive() {
  if (options_.direction != Direction::to_client) receive_at_peers();
  const std::uint64_t now = now_ns();
  // Clients that only send get nothing but answers: looking after those now and then will do.
  if (options_.direction == Direction::to_peer && now < next_sweep_ns_) return;
  next_sweep_ns_ = now + kSweepNs;
  receive_at_clients();
}

void RelayRun::receive_at_peers() {
  for (const UdpSocket& peer : session_.peers()) {
    if (echo_) {
      echoed_ += echo_->reflect(peer.fd());
      continue;
    }
    std::uint64_t now = now_ns();
    at_peers_.drain(peer.fd(), kBurstsPerSocket,
                    [&](stun::Bytes payload, std::size_t wire_bytes) { to_peer_->arrived(payload, wire_bytes, now); });
  }
}

void RelayRun::receive_at_clients() {
  for (const UdpSocket& socket : session_.grid().sockets()) {
    const std::uint64_t now = now_ns();
    at_clients_.drain(socket.fd(), kBurstsPerSocket,
                      [&](stun::Bytes datagram, std::size_t wire_bytes) { from_server(datagram, wire_bytes, now); });
  }
}

void RelayRun::from_server(stun::Bytes datagram, std::size_t wire_bytes, std::uint64_t now_ns) {
  Lane* const lane = to_client_ ? &*to_client_ : echo_ ? &*to_peer_ : nullptr;
  if (options_.bare_port != 0) {
    if (lane != nullptr) lane->arrived(datagram, wire_bytes, now_ns);
  } else if (const auto message = stun::parse_channel_data(datagram)) {
    if (lane != nullptr) lane->arrived(message->data, message->data.size(), now_ns);
  } else if (!is_data_indication(datagram)) {
    session_.negotiator().input(datagram, now_ns);
  } else if (const auto indication = stun::MessageView::parse(datagram); indication && lane != nullptr) {
    if (const auto data = stun::data(*indication)) lane->arrived(*data, data->size(), now_ns);
  }
}

void RelayRun::keep_alive(std::uint64_t now_ns) {
  if (options_.bare_port != 0) return;
  Negotiator& negotiator = session_.negotiator();
  if (now_ns >= next_refresh_ns_ && negotiator.done()) {
    next_refresh_ns_ = now_ns + to_ns(options_.refresh_s);
    negotiator.start(refresh_program(options_.framing));
  }
  if (!negotiator.done()) negotiator.advance(now_ns);
}

std::uint64_t RelayRun::far_end_drops() const {
  std::uint64_t drops = 0;
  for (const UdpSocket& peer : session_.peers()) drops += peer.receive_drops();
  for (const UdpSocket& client : session_.grid().sockets()) drops += client.receive_drops();
  return drops;
}

}  // namespace penstock::load

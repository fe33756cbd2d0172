#include "control/dtls/associations.h"

#include <algorithm>

#include "control/dtls/failure.h"
#include "control/dtls/record.h"

namespace penstock::control::dtls {
namespace {

using namespace std::chrono_literals;

// Records of the next epoch that OpenSSL buffers until it can read them, at 17 KB each: a peer's Finished overtakes the
// rest of its flight once per retransmission at most.
constexpr unsigned kMostEarlyEncrypted = 16;
// How soon an active handshake is begun that found no room for its session.
constexpr auto kBeginAgain = 100ms;

}  // namespace

Associations::Associations(const Options& options, const Context& context, Counters& counters, Send send,
                           Handshakes::Tell tell)
    : options_(options), context_(context), counters_(counters), send_(std::move(send)), tell_(std::move(tell)) {}

void Associations::add(Peer peer, Time now) {
  const Key key = key_of(peer.endpoint.worker, peer.endpoint.slot);
  bool pair_checked = false;
  if (const auto old = associations_.find(key); old != associations_.end()) {
    // Of the same endpoint, the pair stays checked, and the worker will not say so again.
    pair_checked = old->second.pair_checked && old->second.peer.endpoint == peer.endpoint;
    remove(EndpointRef(old->second.peer.endpoint));
  }
  if (associations_.size() >= options_.most_endpoints) {
    tell({peer.endpoint, peer.association, Result::limit, "too many endpoints", {}, {}});
    return;
  }
  Association& association =
      associations_.try_emplace(key, std::move(peer), TokenBucket(options_.datagrams_per_s, now)).first->second;
  counters_.endpoints.set(associations_.size());
  association.pair_checked = pair_checked;
  if (pair_checked && association.peer.role == Role::active) start(association, now);
}

Associations::Association* Associations::find(const EndpointRef& endpoint) {
  const auto found = associations_.find(key_of(endpoint.worker, endpoint.slot));
  if (found == associations_.end() || found->second.peer.endpoint != endpoint) return nullptr;
  return &found->second;
}

void Associations::remove(const EndpointRef& endpoint) {
  Association* association = find(endpoint);
  if (association == nullptr) return;
  free_session(*association);
  associations_.erase(key_of(endpoint.worker, endpoint.slot));
  counters_.endpoints.set(associations_.size());
}

void Associations::settle(const EndpointRef& endpoint) {
  Association* association = find(endpoint);
  if (association != nullptr && association->phase == Phase::secured && association->session) release(*association);
}

void Associations::move(const EndpointRef& from, const EndpointRef& to) {
  Association* association = find(from);
  if (association == nullptr) return;
  if (association->phase != Phase::secured) return remove(from);
  if (association->session) release(*association);
  auto node = associations_.extract(key_of(from.worker, from.slot));
  node.key() = key_of(to.worker, to.slot);
  node.mapped().peer.endpoint = to;
  associations_.erase(node.key());  // of a former user of that slot
  associations_.insert(std::move(node));
}

void Associations::receive(std::uint16_t worker, const sfu::HandshakeDatagram& datagram, Time now) {
  Association* association = find({worker, datagram.endpoint, datagram.generation});
  if (association == nullptr || datagram.size > datagram.bytes.size()) {
    counters_.of(Fate::unknown_endpoint).add();
    return;
  }
  association->pair_checked = true;  // of other pairs, the worker lets nothing through
  if (association->phase == Phase::waiting && association->peer.role == Role::active) start(*association, now);
  if (datagram.size == 0) {
    counters_.of(Fate::pair_ready).add();
  } else if (!association->bucket.take(now)) {
    counters_.of(Fate::over_rate).add();
  } else {
    counters_.of(handle(*association, datagram.span(), now)).add();
  }
}

Fate Associations::handle(Association& association, std::span<const std::uint8_t> datagram, Time now) {
  const auto kind = inspect(datagram);
  if (!kind) return Fate::malformed;
  if (kind->application_data == kind->records) return Fate::application_data;
  switch (association.phase) {
    case Phase::waiting:
      // A session of 74 KB, and a handshake's time limit, only begin with what begins a handshake.
      if (association.peer.role == Role::active) return Fate::too_busy;  // receive() found no room to start
      if (!kind->client_hello || kind->encrypted > 0) return Fate::no_association;
      if (!open_session(association, now)) return Fate::too_busy;
      break;
    case Phase::handshaking:
      if (association.early_encrypted + kind->encrypted > kMostEarlyEncrypted) return Fate::early_encrypted;
      association.early_encrypted += kind->encrypted;
      break;
    case Phase::secured:
      if (!association.session) return hear_farewell(association, datagram);
      break;
    case Phase::ended:
      return Fate::no_association;
  }
  association.session->receive(datagram);
  follow(association, now);
  return Fate::handled;
}

/// What a datagram means to an association whose session was freed.
Fate Associations::hear_farewell(Association& association, std::span<const std::uint8_t> datagram) {
  const auto alert = association.farewell.read(datagram);
  if (!alert) return Fate::no_association;
  end(association, Result::closed, describe_alert(*alert));
  return Fate::goodbye;
}

/// False when there is no room at present.
bool Associations::open_session(Association& association, Time now) {
  if (counters_.sessions.get() >= options_.most_sessions) return false;
  const SessionOptions options{association.peer.role, options_.mtu, options_.first_retransmission,
                               options_.last_retransmission};
  association.session = Session::open(context_, options, association.peer.fingerprints,
                                      [this, to = association.peer.endpoint](auto datagram) { send_(to, datagram); });
  if (!association.session) return false;
  counters_.sessions.add();
  association.phase = Phase::handshaking;
  association.deadline = now + options_.handshake_timeout;
  return true;
}

/// As client: sends the first flight, now or when there is room.
void Associations::start(Association& association, Time now) {
  if (open_session(association, now)) {
    association.session->begin();
    follow(association, now);
  } else if (!association.due) {
    association.deadline = now + kBeginAgain;
    schedule(association, now);
  }
}

/// Does what the session's state asks for after it was driven.
void Associations::follow(Association& association, Time now) {
  const Session& session = *association.session;
  const Session::State state = session.state();
  if (state == Session::State::handshaking) return schedule(association, now);
  if (state == Session::State::failed) return end(association, session.result(), session.detail());
  if (association.phase == Phase::handshaking && !secure(association, now)) return;
  if (state == Session::State::closed) return end(association, session.result(), session.detail());
  // As client we have the peer's last flight, so that nobody will ask for ours (RFC 6347 section 4.2.4).
  if (state == Session::State::spent || association.peer.role == Role::active) return release(association);
  schedule(association, now);
}

/// Hands the keys to control. False when there are none, which ends the association.
bool Associations::secure(Association& association, Time now) {
  auto keys = association.session->keys();
  if (!keys) {
    end(association, Result::protocol_error, "the keys cannot be exported");
    return false;
  }
  association.phase = Phase::secured;
  association.deadline = now + options_.linger;
  counters_.profiles[static_cast<std::size_t>(keys->receive.profile)].add();
  tell({association.peer.endpoint, association.peer.association, Result::secured, {}, keys->receive, keys->send});
  srtp::wipe(keys->receive);
  srtp::wipe(keys->send);
  return true;
}

void Associations::end(Association& association, Result result, std::string detail) {
  association.phase = Phase::ended;
  free_session(association);
  association.farewell = Farewell();
  tell({association.peer.endpoint, association.peer.association, result, std::move(detail), {}, {}});
}

void Associations::tell(Report report) {
  counters_.of(report.result).add();
  srtp::MasterKey& receive = report.receive;
  srtp::MasterKey& send = report.send;
  tell_(std::move(report));
  srtp::wipe(receive);  // what was moved from still holds them
  srtp::wipe(send);
}

/// The session has served; goodbyes are still understood.
void Associations::release(Association& association) {
  association.farewell = association.session->farewell();
  free_session(association);
}

void Associations::free_session(Association& association) {
  unschedule(association);
  association.deadline.reset();
  if (!association.session) return;
  association.session.reset();
  counters_.sessions.sub();
}

void Associations::schedule(Association& association, Time now) {
  unschedule(association);
  Time due = association.deadline.value_or(Time::max());
  if (association.session) {
    // OpenSSL rounds what is left down to nothing; a millisecond at least keeps advance() from running in circles.
    if (const auto left = association.session->until_retransmission()) {
      due = std::min(due, now + std::max<std::chrono::microseconds>(*left, 1ms));
    }
  }
  association.due = due;
  due_.emplace(due, key_of(association.peer.endpoint.worker, association.peer.endpoint.slot));
}

void Associations::unschedule(Association& association) {
  if (!association.due) return;
  due_.erase({*association.due, key_of(association.peer.endpoint.worker, association.peer.endpoint.slot)});
  association.due.reset();
}

void Associations::advance(Time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    Association& association = associations_.at(due_.begin()->second);
    unschedule(association);
    expire(association, now);
  }
}

std::optional<Time> Associations::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void Associations::expire(Association& association, Time now) {
  if (association.deadline.value_or(Time::max()) > now) {
    if (association.session->retransmit()) counters_.retransmissions.add();
    return follow(association, now);
  }
  switch (association.phase) {
    case Phase::waiting:
      return start(association, now);
    case Phase::handshaking:
      return end(association, Result::timeout, "the handshake was not done in time");
    case Phase::secured:
      return release(association);
    case Phase::ended:
      break;
  }
}

}  // namespace penstock::control::dtls

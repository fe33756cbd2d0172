#pragma once
// Associations and peers around a network that loses, repeats and reorders; without threads.

#include <chrono>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "control/dtls/associations.h"
#include "tests/control/dtls_peer.h"

namespace penstock::control::dtls::testing {

/// What happens to a datagram on its way, per direction.
struct Weather {
  double loss = 0;
  double duplication = 0;
  double reordering = 0;  ///< swapped with the one behind it
};

class DtlsBench {
 public:
  explicit DtlsBench(Options options = quick())
      : certificate_(Certificate::generate().value()),
        context_(Context::create(certificate_, Session::judge).value()),
        associations_(
            options, context_, counters,
            [this](const EndpointRef& to, auto datagram) {
              outgoing_.push_back({to, {datagram.begin(), datagram.end()}});
            },
            [this](Report&& report) { reports.push_back(std::move(report)); }) {}

  /// Retransmissions as soon as OpenSSL can.
  static Options quick() {
    Options options;
    options.first_retransmission = std::chrono::milliseconds(20);
    return options;
  }

  static EndpointRef endpoint(sfu::EndpointSlot slot = 7) { return {.worker = 0, .slot = slot, .generation = 3}; }

  void add(const OpensslPeer& peer, Role role = Role::passive, EndpointRef to = endpoint()) {
    associations_.add({to, role, {peer.fingerprint()}}, now());
  }
  void deliver(std::span<const std::uint8_t> datagram, EndpointRef to = endpoint()) {
    sfu::HandshakeDatagram in;
    in.endpoint = to.slot;
    in.generation = to.generation;
    in.size = static_cast<std::uint32_t>(datagram.size());
    std::ranges::copy(datagram, in.bytes.begin());
    associations_.receive(to.worker, in, now());
  }
  void pair_ready(EndpointRef to = endpoint()) { deliver({}, to); }
  /// What was sent to an endpoint since the last call.
  std::vector<Datagram> take_sent() {
    std::vector<Datagram> taken;
    for (auto& [to, datagram] : outgoing_) taken.push_back(std::move(datagram));
    outgoing_.clear();
    return taken;
  }

  /// Carries datagrams both ways and lets timers run, until `done` or five seconds have passed.
  bool run(OpensslPeer& peer, const std::function<bool()>& done, Weather weather = {}) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done() && std::chrono::steady_clock::now() < give_up) {
      std::vector<Datagram> to_us(peer.sent.begin(), peer.sent.end());
      peer.sent.clear();
      for (const Datagram& datagram : pass_through(std::move(to_us), weather)) deliver(datagram);
      for (const Datagram& datagram : pass_through(take_sent(), weather)) peer.receive(datagram);
      if (!peer.sent.empty() || !outgoing_.empty()) continue;
      if (done()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      peer.retransmit();
      associations_.advance(now());
    }
    return done();
  }
  /// A handshake to its end on both sides. Flights that a slow machine made them repeat are forgotten.
  bool shake_hands(OpensslPeer& peer, Weather weather = {}) {
    const bool done = run(peer, [&] { return peer.secured() && result() == Result::secured; }, weather);
    peer.sent.clear();
    take_sent();
    return done;
  }

  /// Lets time pass for deadlines (OpenSSL's timers look at the real clock).
  void pass_time(std::chrono::milliseconds passed) {
    ahead_ += passed;
    associations_.advance(now());
  }
  Time now() const { return std::chrono::steady_clock::now() + ahead_; }

  std::optional<Result> result() const { return reports.empty() ? std::nullopt : std::optional(reports.back().result); }
  Associations& associations() { return associations_; }
  const Certificate& certificate() const { return certificate_; }

  Counters counters;
  std::vector<Report> reports;

 private:
  std::vector<Datagram> pass_through(std::vector<Datagram> datagrams, const Weather& weather) {
    std::vector<Datagram> out;
    std::uniform_real_distribution<double> chance(0, 1);
    for (Datagram& datagram : datagrams) {
      if (chance(random_) < weather.loss) continue;
      if (chance(random_) < weather.duplication) out.push_back(datagram);
      out.push_back(std::move(datagram));
      if (out.size() > 1 && chance(random_) < weather.reordering) std::swap(out.back(), out[out.size() - 2]);
    }
    return out;
  }

  struct Outgoing {
    EndpointRef to;
    Datagram datagram;
  };

  Certificate certificate_;
  Context context_;
  std::vector<Outgoing> outgoing_;
  Associations associations_;
  std::chrono::milliseconds ahead_{0};
  std::mt19937 random_{20261120};
};

}  // namespace penstock::control::dtls::testing

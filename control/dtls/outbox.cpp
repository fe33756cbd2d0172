#include "control/dtls/outbox.h"

#include <algorithm>
#include <utility>

namespace penstock::control::dtls {

Outbox::Outbox(std::span<sfu::HandshakeLanes* const> lanes, std::function<void(std::uint16_t)> wake,
               std::size_t most_waiting, Counters& counters)
    : lanes_(lanes.begin(), lanes.end()),
      wake_(std::move(wake)),
      most_waiting_(most_waiting),
      counters_(counters),
      workers_(lanes.size()) {}

bool Outbox::pass(std::uint16_t worker, const sfu::HandshakeDatagram& datagram) {
  if (!lanes_[worker]->to_worker.send(datagram)) return false;
  workers_[worker].wake = true;
  counters_.of(Fate::sent).add();
  return true;
}

void Outbox::send(const EndpointRef& to, std::span<const std::uint8_t> datagram) {
  sfu::HandshakeDatagram out;
  out.endpoint = to.slot;
  out.generation = to.generation;
  auto& waiting = workers_[to.worker].waiting;
  bool lost = datagram.empty() || datagram.size() > out.bytes.size();
  if (!lost) {
    out.size = static_cast<std::uint32_t>(datagram.size());
    std::ranges::copy(datagram, out.bytes.begin());
    // What waits goes first: a flight out of order costs the peer a round trip.
    if (waiting.empty() && pass(to.worker, out)) return;
    lost = waiting_ == most_waiting_;
  }
  if (lost) {
    counters_.of(Fate::backlog_overflowed).add();
    return;
  }
  waiting.push_back(out);
  ++waiting_;
}

void Outbox::flush() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto worker = static_cast<std::uint16_t>(i);
    auto& waiting = workers_[worker].waiting;
    while (!waiting.empty() && pass(worker, waiting.front())) {
      waiting.pop_front();
      --waiting_;
    }
    if (std::exchange(workers_[worker].wake, false)) wake_(worker);
  }
}

}  // namespace penstock::control::dtls

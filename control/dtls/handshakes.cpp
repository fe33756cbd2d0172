#include "control/dtls/handshakes.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/dtls/thread.h"

namespace penstock::control::dtls {
namespace {

constexpr std::size_t kLeastMtu = 208;  // OpenSSL's: a link of 256 bytes less IPv6 and UDP

}  // namespace

Handshakes::Handshakes(Certificate certificate) : certificate_(std::move(certificate)) {}

Handshakes::~Handshakes() = default;

tl::expected<std::unique_ptr<Handshakes>, std::string> Handshakes::start(const Options& options,
                                                                         Certificate certificate,
                                                                         std::span<sfu::HandshakeLanes* const> lanes,
                                                                         Wake wake, Tell tell) {
  if (options.mtu < kLeastMtu || options.mtu > sfu::kMostHandshakeBytes) {
    return tl::unexpected(fmt::format("a DTLS datagram cannot be limited to {} bytes: give a number from {} to {}",
                                      options.mtu, kLeastMtu, sfu::kMostHandshakeBytes));
  }
  std::unique_ptr<Handshakes> handshakes(new Handshakes(std::move(certificate)));
  const std::size_t count = std::clamp<std::size_t>(options.threads, 1, std::max<std::size_t>(lanes.size(), 1));
  for (std::size_t i = 0; i < count; ++i) {
    auto thread = Thread::create(options, handshakes->certificate_, lanes, i, count, wake, tell);
    if (!thread) return tl::unexpected(thread.error());
    handshakes->threads_.push_back(std::move(*thread));
  }
  for (const auto& thread : handshakes->threads_) thread->start();
  return handshakes;
}

Handshakes::Thread& Handshakes::thread_of(const EndpointRef& endpoint) {
  return *threads_[endpoint.worker % threads_.size()];
}

void Handshakes::add(Peer peer) {
  Thread& thread = thread_of(peer.endpoint);
  thread.ask(AddPeer{std::move(peer)});
}

void Handshakes::remove(const EndpointRef& endpoint) {
  thread_of(endpoint).ask(RemoveEndpoint{endpoint});
}

void Handshakes::move(const EndpointRef& from, const EndpointRef& to) {
  if (&thread_of(from) == &thread_of(to)) {
    thread_of(from).ask(MoveEndpoint{from, to});
  } else {
    remove(from);
  }
}

void Handshakes::settle(const EndpointRef& endpoint) {
  thread_of(endpoint).ask(SettleEndpoint{endpoint});
}

const Counters& Handshakes::counters(std::size_t thread) const {
  return threads_[thread]->counters();
}

}  // namespace penstock::control::dtls

#include "dataplane/port/dpdk/handoff.h"

#include <fmt/format.h>

#include <array>

#include "dataplane/net/packet_pool.h"

namespace penstock::port {

tl::expected<std::unique_ptr<Handoff>, std::string> Handoff::create(std::uint16_t workers, unsigned capacity) {
  std::unique_ptr<Handoff> handoff(new Handoff(workers));
  for (unsigned i = 0; i < unsigned{workers} * workers; ++i) {
    const bool to_itself = i / workers == i % workers;
    auto lane = net::Mailbox<HandedOff>::create(fmt::format("handoff-{}-{}", i / workers, i % workers),
                                                to_itself ? 1 : capacity);
    if (!lane) return tl::unexpected(lane.error());
    handoff->lanes_.push_back(std::move(*lane));
  }
  for (std::uint16_t i = 0; i < workers; ++i) {
    handoff->wakers_.push_back(std::make_unique<Waker>());
    if (handoff->wakers_.back()->fd() < 0) {
      return tl::unexpected(std::string("out of file descriptors: raise LimitNOFILE= (ulimit -n)"));
    }
  }
  return handoff;
}

void Handoff::discard() {
  std::array<HandedOff, 32> left;
  for (auto& lane : lanes_) {
    while (const unsigned n = lane.take(left)) {
      for (unsigned i = 0; i < n; ++i) net::free(left[i].packet);
    }
  }
}

}  // namespace penstock::port

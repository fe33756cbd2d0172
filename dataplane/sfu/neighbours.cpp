#include "dataplane/sfu/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace penstock::sfu {
namespace {

tl::expected<Road, std::string> build(const std::string& name, const NeighbourOptions& options) {
  auto packets = net::Mailbox<SharedPacket>::create(name + "p", options.packets);
  if (!packets) return tl::unexpected(packets.error());
  auto clocks = net::Mailbox<SharedClocks>::create(name + "c", options.clocks);
  if (!clocks) return tl::unexpected(clocks.error());
  auto returned = net::Mailbox<net::Packet*>::create(name + "r", options.lent);
  if (!returned) return tl::unexpected(returned.error());
  auto wishes = net::Mailbox<Wish>::create(name + "w", options.wishes);
  if (!wishes) return tl::unexpected(wishes.error());
  return Road{std::move(*packets), std::move(*clocks), std::move(*returned), std::move(*wishes)};
}

// A ring has a power of two of places, one of them unused.
std::uint64_t ring_bytes(unsigned capacity, std::size_t element) {
  return sizeof(rte_ring) + std::bit_ceil(std::uint64_t{capacity} + 1) * element;
}

}  // namespace

NeighbourOptions NeighbourOptions::suiting(std::uint16_t workers, std::uint32_t media_packets) {
  const auto share = [&](std::uint32_t of_two, std::uint32_t least) {
    return std::max(least, workers <= 2 ? of_two : 2 * of_two / workers);
  };
  NeighbourOptions options;
  options.workers = workers;
  options.packets = share(4096, 256);
  // All of them together never lend a worker more than it has views for.
  options.lent = std::max(1U, workers <= 2 ? media_packets : media_packets / (workers - 1U));
  return options;
}

tl::expected<std::unique_ptr<Neighbours>, std::string> Neighbours::create(const std::string& name,
                                                                          const NeighbourOptions& options) {
  std::unique_ptr<Neighbours> neighbours(new Neighbours);
  neighbours->workers_ = options.workers;
  neighbours->most_lent_ = options.lent;
  neighbours->doors_.resize(options.workers);
  for (unsigned from = 0; from < options.workers; ++from) {
    for (unsigned to = 0; to < options.workers; ++to) {
      neighbours->roads_.emplace_back();
      if (from == to) continue;
      auto road = build(fmt::format("{}{}-{}", name, from, to), options);
      if (!road) return tl::unexpected(road.error());
      neighbours->roads_.back() = std::make_unique<Road>(std::move(*road));
    }
  }
  return neighbours;
}

std::uint64_t Neighbours::bytes(const NeighbourOptions& options) {
  const std::uint64_t roads = std::uint64_t{options.workers} * (options.workers - 1U);
  return roads * (ring_bytes(options.packets, sizeof(SharedPacket)) + ring_bytes(options.clocks, sizeof(SharedClocks)) +
                  ring_bytes(options.lent, sizeof(net::Packet*)) + ring_bytes(options.wishes, sizeof(Wish)));
}

}  // namespace penstock::sfu

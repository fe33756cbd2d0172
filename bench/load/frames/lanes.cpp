#include "bench/load/frames/lanes.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "bench/load/frames/datagram.h"
#include "bench/load/frames/link.h"
#include "dataplane/net/checksum.h"
#include "dataplane/stun/bytes.h"

namespace penstock::frames {
namespace {

constexpr std::size_t kUdpChecksumOffset = 40;

Addressing addressing(const Way& way) {
  Addressing a{};
  stun::store_be32(&a[0], way.source.address.v4_host_order());
  stun::store_be32(&a[4], way.destination.address.v4_host_order());
  stun::store_be16(&a[8], way.source.port);
  stun::store_be16(&a[10], way.destination.port);
  return a;
}

}  // namespace

// Builds a whole frame with an empty stamp, and keeps its beginning and what its checksum says about the rest.
void Lanes::add(const net::LinkHeader& link, const Way& sent, const Way& arriving, std::uint16_t channel,
                Direction direction, std::uint8_t arrival_head_size) {
  std::vector<std::uint8_t> payload;
  const bool framed = direction == Direction::to_peer;
  if (framed) {
    payload.resize(4);
    stun::write_channel_data_header(std::span(payload).first<4>(), channel, payload_bytes_);
  }
  payload.insert(payload.end(), kStampBytes, 0);
  payload.insert(payload.end(), payload_bytes_ - kStampBytes, kFiller);
  const auto frame = datagram_frame(link, sent.source, sent.destination, payload);
  Lane lane{};
  lane.head_size = static_cast<std::uint8_t>(framed ? kChannelHead : kPlainHead);
  lane.arrival_head_size = arrival_head_size;
  lane.arrival_channel = channel;
  lane.arrival = addressing(arriving);
  std::copy_n(frame.begin(), lane.head_size, lane.head.begin());
  std::uint16_t checksum = 0;
  std::memcpy(&checksum, &frame[kUdpChecksumOffset], 2);
  lane.sum = static_cast<std::uint16_t>(~checksum);
  lanes_.push_back(lane);
}

void Lanes::add_flows(const Cast& cast, std::span<const net::Endpoint> relayed, const net::LinkHeader& link,
                      Direction direction, bool reflected) {
  for (std::uint32_t i = 0; i < cast.flows; ++i) {
    const Way up{cast.client_of(i), cast.server};
    const Way up_relayed{relayed[i], cast.peer_of(i)};
    const Way down{cast.peer_of(i), relayed[i]};
    const Way down_relayed{cast.server, cast.client_of(i)};
    const std::uint8_t swap = reflected ? 0 : kChannelHead - kPlainHead;
    if (direction != Direction::to_client) {
      add(link, up, reflected ? up : up_relayed, Cast::channel_of(i), Direction::to_peer,
          static_cast<std::uint8_t>(kChannelHead - swap));
    }
    if (direction != Direction::to_peer) {
      add(link, down, reflected ? down : down_relayed, Cast::channel_of(i), Direction::to_client,
          static_cast<std::uint8_t>(kPlainHead + swap));
    }
  }
}

Lanes Lanes::through_relay(const Cast& cast, std::span<const net::Endpoint> relayed, const net::LinkHeader& link,
                           Direction direction, std::uint16_t payload_bytes) {
  Lanes lanes(payload_bytes);
  lanes.add_flows(cast, relayed, link, direction, false);
  return lanes;
}

Lanes Lanes::reflected(const Cast& cast, const net::LinkHeader& link, Direction direction,
                       std::uint16_t payload_bytes) {
  std::vector<net::Endpoint> relayed;
  for (std::uint32_t i = 0; i < cast.flows; ++i) {
    relayed.push_back({cast.server.address, static_cast<std::uint16_t>(10'000 + i % 50'000)});
  }
  Lanes lanes(payload_bytes);
  lanes.add_flows(cast, relayed, link, direction, true);
  return lanes;
}

std::vector<std::uint32_t> Lanes::shuffled() const {
  std::vector<std::uint32_t> order(lanes_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  return order;
}

}  // namespace penstock::frames

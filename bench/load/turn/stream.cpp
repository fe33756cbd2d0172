#include "bench/load/turn/stream.h"

#include "dataplane/stun/builder.h"
#include "dataplane/stun/channel_data.h"

namespace penstock::load {
namespace {

void frame_as_channel_data(Stream& stream, const TurnClient& client, std::size_t payload_bytes) {
  stream.prefix_bytes = stun::kChannelDataHeaderBytes;
  const auto head = std::span(stream.prefix).first<stun::kChannelDataHeaderBytes>();
  stun::write_channel_data_header(head, client.channel(), static_cast<std::uint16_t>(payload_bytes));
}

void frame_as_send_indication(Stream& stream, const TurnClient& client, std::size_t payload_bytes) {
  stun::TransactionId id{};
  stun::store_be32(&id[0], stream.id);
  stun::MessageBuilder message(stream.prefix, stun::Method::send, stun::Class::indication, id);
  stream.prefix_bytes = message.xor_peer_address(client.peer()).data_in_place(payload_bytes).finish().value_or(0);
  stream.padding_bytes = stun::MessageBuilder::padding_bytes(payload_bytes);
}

void segment_trains(const Options& options, Stream& stream) {
  if (options.train == 1 || options.train_as_singles) return;
  stream.route.set_segment(static_cast<std::uint16_t>(stream.datagram_bytes(options.payload_bytes)));
}

}  // namespace

std::vector<Stream> streams_to_peer(const Options& options, std::span<const Route> to_server,
                                    std::span<const TurnClient> clients) {
  std::vector<Stream> streams(clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Stream& stream = streams[i];
    stream.id = static_cast<std::uint32_t>(i);
    stream.route = to_server[i];
    if (options.bare_port == 0) {
      const bool channel = options.framing == Framing::channel_data;
      (channel ? frame_as_channel_data : frame_as_send_indication)(stream, clients[i], options.payload_bytes);
    }
    segment_trains(options, stream);
  }
  return streams;
}

std::vector<Stream> streams_to_client(const Options& options, std::span<const UdpSocket> peers,
                                      std::span<const TurnClient> clients) {
  std::vector<Stream> streams(clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    Stream& stream = streams[i];
    stream.id = static_cast<std::uint32_t>(clients.size() + i);
    stream.route.fd = peers[i % peers.size()].fd();
    net::Endpoint relayed = options.server;
    relayed.port = static_cast<std::uint16_t>(options.bare_port + i);
    if (options.bare_port == 0) relayed = clients[i].relayed().value_or(net::Endpoint{});
    stream.route.destination = SocketAddress(relayed);
    segment_trains(options, stream);
  }
  return streams;
}

}  // namespace penstock::load

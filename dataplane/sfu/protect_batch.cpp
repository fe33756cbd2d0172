#include "dataplane/sfu/protect_batch.h"

#include "dataplane/engine/clock.h"

namespace penstock::sfu {

ProtectBatch::~ProtectBatch() {
  for (std::size_t i = 0; i < spare_count_; ++i) rte_mbuf_raw_free(spare_[i]);
}

// As they lie in the pool; begin() makes them fresh, once they have been fetched.
bool ProtectBatch::refill() {
  auto** const objects = reinterpret_cast<void**>(spare_.data());
  if (rte_mempool_get_bulk(core_.outgoing.raw(), objects, kSpare) == 0) {
    spare_count_ = kSpare;
  } else if (rte_mempool_get(core_.outgoing.raw(), objects) == 0) {  // fewer than that are left
    spare_count_ = 1;
  }
  for (std::size_t i = 0; i < kAhead && i < spare_count_; ++i) fetch_to_write(spare_[spare_count_ - 1 - i]);
  return spare_count_ != 0;
}

net::Packet* ProtectBatch::begin(const Endpoint& to) {
  if (spare_count_ == 0 && !refill()) {
    core_.stats.outgoing_exhausted.add();
    return nullptr;
  }
  net::Packet* out = spare_[--spare_count_];
  if (spare_count_ >= kAhead) fetch_to_write(spare_[spare_count_ - kAhead]);
  rte_pktmbuf_reset(out);
  new (&net::info(out)) net::PacketInfo;
  aim(out, to);
  return out;
}

void ProtectBatch::add(net::Packet* packet, EndpointSlot to, const Parts& parts) {
  targets_[size_] = {packet, to};
  jobs_[size_] = {.context = send_context(to),
                  .header_size = static_cast<std::uint16_t>(parts.header_bytes),
                  .packet_index = parts.packet_index,
                  .out = {rte_pktmbuf_mtod(packet, std::uint8_t*), kOutgoingBytes},
                  .prefix = std::span(prefixes_[size_]).first(parts.prefix_bytes),
                  .payload = parts.payload};
  ++size_;
}

void ProtectBatch::flush() {
  if (size_ == 0) return;
  core_.shard.counters().copied.add(size_);
  const std::uint64_t begin = engine::cycles();
  core_.cipher->protect(std::span(jobs_).first(size_));
  const std::uint64_t encrypted = engine::cycles();
  core_.stats.protect_cycles.add(encrypted - begin);
  for (std::size_t first = 0; first < size_;) {
    std::size_t end = first + 1;
    while (end < size_ && targets_[end].endpoint == targets_[first].endpoint) ++end;
    send_run(first, end);
    first = end;
  }
  size_ = 0;
  core_.stats.send_cycles.add(engine::cycles() - encrypted);
}

// What goes to one receiver. Not cut in two by the end of a burst when it fits into one, so that it can leave as a
// train.
void ProtectBatch::send_run(std::size_t first, std::size_t end) {
  if (core_.shard.outgoing().room() < end - first) core_.shard.port().transmit(core_.shard.outgoing());
  std::uint64_t packets = 0, bytes = 0;
  for (std::size_t i = first; i < end; ++i) {
    net::Packet* out = targets_[i].packet;
    if (i + kAhead < size_) fetch(targets_[i + kAhead].packet);
    if (jobs_[i].result != srtp::Result::ok) {
      core_.shard.drop(out, net::Drop::media_without_keys);
      continue;
    }
    out->data_len = static_cast<std::uint16_t>(jobs_[i].size);
    out->pkt_len = jobs_[i].size;
    ++packets;
    bytes += jobs_[i].size;
    core_.shard.send(out);
  }
  core_.stats.forwarded_packets.add(packets);
  core_.stats.forwarded_bytes.add(bytes);
  EndpointStatus& status = core_.board.endpoints[targets_[first].endpoint];
  status.sent_packets.add(packets);
  status.sent_bytes.add(bytes);
}

}  // namespace penstock::sfu

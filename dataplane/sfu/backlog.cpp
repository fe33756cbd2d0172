#include "dataplane/sfu/backlog.h"

#include "dataplane/net/packet_pool.h"

namespace penstock::sfu {

Backlog::Backlog() {
  for (std::size_t i = kCapacity; i > 0; --i) {
    packets_[i - 1].next = free_packets_;
    batches_[i - 1].behind = free_batches_;
    free_packets_ = free_batches_ = static_cast<std::uint16_t>(i);
  }
}

Backlog::~Backlog() {
  reclaim([](const WaitingBatch&) {});
  while (!empty()) {
    std::uint16_t batch = round_first_;
    leave_round();
    while (batch != 0) release(std::exchange(batch, batches_[batch - 1U].later));
  }
}

bool Backlog::add(TrackSlot track, WaitingQueue& queue, std::uint8_t encoding, std::uint16_t restarts,
                  const StoredPacket& packet) {
  if (queue.packets >= places_) return false;
  rte_mbuf_refcnt_update(packet.packet, 1);
  const std::uint16_t place = free_packets_;
  free_packets_ = packets_[place - 1U].next;
  --places_;
  ++queue.packets;
  packets_[place - 1U] = {.stored = packet, .next = 0, .restarts = restarts, .encoding = encoding};
  if (queue.newest != 0) {
    WaitingBatch& newest = batches_[queue.newest - 1U];
    if (!newest.begun && newest.count < kMostOfBatch) {
      packets_[newest.last - 1U].next = place;
      newest.last = place;
      ++newest.count;
      return true;
    }
  }
  const std::uint16_t at = free_batches_;  // there are as many as packets
  free_batches_ = batches_[at - 1U].behind;
  batches_[at - 1U] = {.track = track,
                       .first = place,
                       .last = place,
                       .count = 1,
                       .begun = false,
                       .at = 0,
                       .later = 0,
                       .behind = 0,
                       .sent = 0};
  if (queue.newest == 0) {
    queue.oldest = at;
    enter_round(at);
  } else {
    batches_[queue.newest - 1U].later = at;
  }
  queue.newest = at;
  return true;
}

void Backlog::yield() {
  if (round_first_ == round_last_) return;
  const std::uint16_t batch = round_first_;
  leave_round();
  enter_round(batch);
}

void Backlog::done(WaitingQueue& queue) {
  const std::uint16_t at = round_first_;
  WaitingBatch& batch = batches_[at - 1U];
  leave_round();
  queue.oldest = batch.later;
  queue.packets = static_cast<std::uint16_t>(queue.packets - batch.count);
  batch.behind = done_;
  done_ = at;
  if (queue.oldest != 0) {
    enter_round(queue.oldest);
  } else {
    queue.newest = 0;
  }
}

// Only the oldest batch of a track has begun.
void Backlog::skip(const WaitingQueue& queue, SubscriptionSlot slot, SubscriptionSlot next) {
  if (queue.oldest == 0) return;
  WaitingBatch& batch = batches_[queue.oldest - 1U];
  if (batch.begun && batch.at == slot + 1) batch.at = next;
}

void Backlog::forget(WaitingQueue& queue) {
  if (queue.oldest == 0) return;
  std::uint16_t* link = &round_first_;
  std::uint16_t before = 0;
  while (*link != queue.oldest) {
    before = *link;
    link = &batches_[before - 1U].behind;
  }
  *link = batches_[queue.oldest - 1U].behind;
  if (round_last_ == queue.oldest) round_last_ = before;
  for (std::uint16_t at = queue.oldest; at != 0;) release(std::exchange(at, batches_[at - 1U].later));
  queue = {};
}

void Backlog::enter_round(std::uint16_t batch) {
  batches_[batch - 1U].behind = 0;
  if (round_last_ == 0) {
    round_first_ = batch;
  } else {
    batches_[round_last_ - 1U].behind = batch;
  }
  round_last_ = batch;
}

void Backlog::leave_round() {
  round_first_ = batches_[round_first_ - 1U].behind;
  if (round_first_ == 0) round_last_ = 0;
}

void Backlog::release(std::uint16_t at) {
  WaitingBatch& batch = batches_[at - 1U];
  for (std::uint16_t next = batch.first; next != 0;) {
    WaitingPacket& packet = packets_[next - 1U];
    net::free(packet.stored.packet);
    const std::uint16_t following = packet.next;
    packet.next = free_packets_;
    free_packets_ = next;
    next = following;
    ++places_;
  }
  batch.behind = free_batches_;
  free_batches_ = at;
}

}  // namespace penstock::sfu

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
    std::uint16_t ignored = 0;
    forget(current().track, ignored);
  }
}

void Backlog::add(TrackSlot track, std::uint16_t& newest, std::uint32_t encoding, const StoredPacket& packet) {
  rte_mbuf_refcnt_update(packet.packet, 1);
  const std::uint16_t place = free_packets_;
  free_packets_ = packets_[place - 1U].next;
  packets_[place - 1U] = {packet, static_cast<std::uint8_t>(encoding), 0};
  if (newest != 0 && !batches_[newest - 1U].begun) {
    WaitingBatch& batch = batches_[newest - 1U];
    packets_[batch.last - 1U].next = place;
    batch.last = place;
    ++batch.count;
    return;
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
  if (newest == 0) {
    enter_round(at);
  } else {
    batches_[newest - 1U].later = at;
  }
  newest = at;
}

void Backlog::yield() {
  if (round_first_ == round_last_) return;
  const std::uint16_t batch = round_first_;
  leave_round();
  enter_round(batch);
}

void Backlog::done(std::uint16_t& newest) {
  const std::uint16_t batch = round_first_;
  const std::uint16_t later = batches_[batch - 1U].later;
  leave_round();
  batches_[batch - 1U].behind = done_;
  done_ = batch;
  if (later != 0) {
    enter_round(later);
  } else {
    newest = 0;
  }
}

void Backlog::skip(SubscriptionSlot slot, SubscriptionSlot next) {
  for (std::uint16_t at = round_first_; at != 0; at = batches_[at - 1U].behind) {
    WaitingBatch& batch = batches_[at - 1U];
    if (batch.begun && batch.at == slot + 1) batch.at = next;
  }
}

void Backlog::forget(TrackSlot track, std::uint16_t& newest) {
  std::uint16_t* link = &round_first_;
  std::uint16_t before = 0;
  while (*link != 0 && batches_[*link - 1U].track != track) {
    before = *link;
    link = &batches_[before - 1U].behind;
  }
  if (*link == 0) return;
  std::uint16_t batch = *link;
  *link = batches_[batch - 1U].behind;
  if (round_last_ == batch) round_last_ = before;
  while (batch != 0) {
    const std::uint16_t later = batches_[batch - 1U].later;
    release(batch);
    batch = later;
  }
  newest = 0;
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
  const std::uint16_t batch = round_first_;
  round_first_ = batches_[batch - 1U].behind;
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
  }
  batch.behind = free_batches_;
  free_batches_ = at;
}

}  // namespace penstock::sfu

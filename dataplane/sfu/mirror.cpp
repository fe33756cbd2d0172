#include "dataplane/sfu/mirror.h"

#include <new>

#include "dataplane/sfu/activity.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/key_frames.h"
#include "dataplane/sfu/tables.h"
#include "dataplane/sfu/turns.h"

namespace penstock::sfu {
namespace {

MirrorLink& link_of(Core& core, TrackSlot track, std::uint32_t worker) {
  return core.mirrors[std::size_t{track} * core.neighbours->workers() + worker];
}

// Of a view's private area: what has to be given back, and to whom, when the last reference to the view goes.
struct Loan {
  rte_mbuf_ext_shared_info shared;
  net::Mailbox<net::Packet*>* returned;
  net::Packet* lent;
};
static_assert(sizeof(Loan) <= net::kLeadCapacity);

// The lane has room for everything that may be lent.
void give_back(void*, void* opaque) {
  const Loan& loan = *static_cast<Loan*>(opaque);
  loan.returned->send(loan.lent);
}

// A packet of this worker over the bytes of one that is lent; nullptr when there is none left.
net::Packet* view(Core& core, net::Packet* lent, net::Mailbox<net::Packet*>& returned) {
  net::Packet* p = core.views->allocate();
  if (p == nullptr) return nullptr;
  auto* loan =
      new (net::info(p).lead.data()) Loan{{.free_cb = give_back, .fcb_opaque = nullptr, .refcnt = 1}, &returned, lent};
  loan->shared.fcb_opaque = loan;
  rte_pktmbuf_attach_extbuf(p, lent->buf_addr, RTE_BAD_IOVA, lent->buf_len, &loan->shared);
  p->data_off = lent->data_off;
  p->data_len = lent->data_len;
  p->pkt_len = lent->data_len;
  return p;
}

// The mirror that somebody means, or nullptr.
Track* find_mirror(Core& core, TrackSlot slot, std::uint32_t generation, std::uint32_t encoding) {
  if (slot >= core.tracks.size()) return nullptr;
  Track& track = core.tracks[slot];
  const bool meant = track.generation != 0 && track.generation == generation && track.is_mirror();
  return meant && encoding < track.parameters.encoding_count ? &track : nullptr;
}

// The origin's encodings that come; those that have ended were silent there.
void follow_activity(Core& core, TrackSlot slot, std::uint8_t active) {
  Track& track = core.tracks[slot];
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    Encoding& encoding = track.encodings[i];
    if ((active >> i & 1) == 0) {
      set_inactive(core, slot, i);
    } else if (!encoding.active) {
      encoding.active = true;
      encoding.last_packet_ns = core.now_ns();
    }
  }
}

// The source went over to another SSRC.
void follow_restarts(Core& core, TrackSlot slot, const SharedPacket& shared) {
  Encoding& encoding = core.tracks[slot].encodings[shared.encoding];
  const bool again = encoding.begun && encoding.restarts != shared.restarts;
  encoding.begun = true;
  encoding.restarts = shared.restarts;
  if (!again) return;
  encoding.ring.clear();
  encoding.clock = {};
}

void take_shared(Core& core, const SharedPacket& shared, net::Mailbox<net::Packet*>& returned) {
  Track* track = find_mirror(core, shared.mirror, shared.generation, shared.encoding);
  if (track == nullptr) {
    core.stats.packets_unclaimed.add();
    returned.send(shared.stored.packet);
    return;
  }
  StoredPacket stored = shared.stored;
  stored.packet = view(core, shared.stored.packet, returned);
  if (stored.packet == nullptr) {
    core.stats.packets_unplaced.add();
    returned.send(shared.stored.packet);
    return;
  }
  core.stats.packets_taken.add();
  follow_restarts(core, shared.mirror, shared);
  follow_activity(core, shared.mirror, shared.active);
  Encoding& encoding = track->encodings[shared.encoding];
  encoding.last_packet_ns = core.now_ns();
  track->fed = true;
  track->keep_short = shared.keep_short;
  if (stored.key_frame) track->key_frames.on_key_frame(shared.encoding, core.now_ns());
  if (!encoding.ring.put(stored)) return net::free(stored.packet);
  core.fan_out->forward(shared.mirror, shared.encoding, *encoding.ring.find(stored.sequence));
}

// A burst of them.
unsigned take_packets(Core& core, Road& road, unsigned budget) {
  std::array<SharedPacket, 64> taken;
  const unsigned n = road.packets.take(std::span(taken).first(std::min<std::size_t>(taken.size(), budget)));
  if (n == 0) return 0;
  for (unsigned i = 0; i < n; ++i) take_shared(core, taken[i], road.returned);
  core.shard.count_as_busy();
  return n;
}

unsigned take_clocks(Core& core, Road& road) {
  std::array<SharedClocks, 32> taken;
  const unsigned n = road.clocks.take(taken);
  for (unsigned i = 0; i < n; ++i) {
    Track* track = find_mirror(core, taken[i].mirror, taken[i].generation, taken[i].encoding);
    if (track == nullptr) continue;
    track->publisher_clock = taken[i].publisher_clock;
    // Of a source that has ended, or whose first packet is on its way: the next report is the present one's.
    Encoding& encoding = track->encodings[taken[i].encoding];
    if (encoding.begun && encoding.restarts == taken[i].restarts) encoding.clock = taken[i].encoding_clock;
  }
  return n;
}

unsigned take_wishes(Core& core, Road& road) {
  std::array<Wish, 32> taken;
  const unsigned n = road.wishes.take(taken);
  for (unsigned i = 0; i < n; ++i) {
    const Wish& wish = taken[i];
    if (wish.track >= core.tracks.size()) continue;
    const Track& track = core.tracks[wish.track];
    if (track.generation != wish.generation || wish.encoding >= track.parameters.encoding_count) continue;
    core.stats.wishes_received.add();
    want_key_frame(core, wish.track, wish.encoding);
  }
  return n;
}

unsigned take_back(Core& core, Road& road, std::uint16_t worker) {
  std::array<net::Packet*, 256> taken;
  const unsigned n = road.returned.take(taken);
  for (unsigned i = 0; i < n; ++i) net::free(taken[i]);
  core.lent[worker] -= n;
  return n;
}

void take_turn(Core& core, TrackSlot slot) {
  Track& track = core.tracks[slot];
  if (track.generation == 0 || !track.is_mirror()) return;  // removed; its timer ends here
  check_activity(core, slot);
  send_key_frame_requests(core, slot);
  const bool busy = expire(core, track) > 0 || track.fed;
  core.mirror_turns.add(slot, core.now_ns() + (busy ? kPublisherTurnNs : kTurnNs));
  track.fed = false;
}

}  // namespace

void add_mirror(Core& core, const AddMirror& add) {
  MirrorLink& link = link_of(core, add.track, add.worker);
  if (link.generation == 0) {
    link.next = core.tracks[add.track].first_mirror;
    core.tracks[add.track].first_mirror = add.worker + 1U;
    core.stats.mirrors_fed.add();
  }
  link.mirror = add.mirror;
  link.generation = add.mirror_generation;
}

void remove_mirror(Core& core, TrackSlot track, std::uint16_t worker) {
  std::uint32_t* at = &core.tracks[track].first_mirror;
  while (*at != 0 && *at != worker + 1U) at = &link_of(core, track, *at - 1).next;
  if (*at == 0) return;
  MirrorLink& link = link_of(core, track, worker);
  *at = link.next;
  link = {};
  core.stats.mirrors_fed.sub();
}

void forget_mirrors(Core& core, TrackSlot track) {
  while (core.tracks[track].first_mirror != 0) {
    remove_mirror(core, track, static_cast<std::uint16_t>(core.tracks[track].first_mirror - 1));
  }
}

void share_with_mirrors(Core& core, TrackSlot slot, std::uint32_t at, const StoredPacket& packet) {
  const Track& track = core.tracks[slot];
  SharedPacket shared{.restarts = track.encodings[at].restarts,
                      .encoding = static_cast<std::uint8_t>(at),
                      .active = active_encodings(track),
                      .keep_short = core.keep_short,
                      .stored = packet};
  for (std::uint32_t next = track.first_mirror; next != 0;) {
    const std::uint32_t worker = next - 1;
    const MirrorLink& link = link_of(core, slot, worker);
    next = link.next;
    shared.mirror = link.mirror;
    shared.generation = link.generation;
    Road& road = core.neighbours->road(core.shard.worker(), static_cast<std::uint16_t>(worker));
    rte_mbuf_refcnt_update(packet.packet, 1);
    if (core.lent[worker] == core.neighbours->most_lent() || !road.packets.send(shared)) {
      rte_mbuf_refcnt_update(packet.packet, -1);
      core.stats.packets_share_lost.add();
      continue;
    }
    ++core.lent[worker];
    core.stats.packets_shared.add();
    core.shard.wake(static_cast<std::uint16_t>(worker));
  }
}

void share_clocks(Core& core, TrackSlot slot, std::uint32_t at) {
  const Track& track = core.tracks[slot];
  for (std::uint32_t next = track.first_mirror; next != 0;) {
    const std::uint32_t worker = next - 1;
    const MirrorLink& link = link_of(core, slot, worker);
    next = link.next;
    core.neighbours->road(core.shard.worker(), static_cast<std::uint16_t>(worker))
        .clocks.send({.mirror = link.mirror,
                      .generation = link.generation,
                      .encoding = at,
                      .restarts = track.encodings[at].restarts,
                      .encoding_clock = track.encodings[at].clock,
                      .publisher_clock = core.clocks[track.parameters.endpoint]});
  }
}

void wish(Core& core, TrackSlot mirror, std::uint32_t encoding) {
  const Origin& origin = core.tracks[mirror].parameters.origin;
  Road& road = core.neighbours->road(origin.worker, core.shard.worker());
  if (!road.wishes.send({.track = origin.track, .generation = origin.generation, .encoding = encoding})) {
    return core.stats.wishes_lost.add();
  }
  core.stats.wishes_sent.add();
  core.shard.wake(origin.worker);
}

void begin_mirror_turns(Core& core, TrackSlot mirror) {
  if (!core.mirror_turns.running(mirror)) core.mirror_turns.add(mirror, core.now_ns() + kTurnNs);
}

bool take_mirror_turns(Core& core, unsigned budget) {
  return core.mirror_turns.advance(core.now_ns(), budget, [&](std::uint32_t slot) { take_turn(core, slot); });
}

bool exchange_with_neighbours(Core& core, unsigned budget) {
  if (core.neighbours == nullptr) return false;
  const std::uint16_t ours = core.shard.worker(), workers = core.neighbours->workers();
  unsigned done = 0;
  for (std::uint16_t i = 1; i < workers; ++i) {
    // Each pass begins with another one, so that the budget is not always the same one's.
    const auto worker = static_cast<std::uint16_t>((ours + 1U + (core.first_neighbour + i) % (workers - 1U)) % workers);
    Road& incoming = core.neighbours->road(worker, ours);
    Road& outgoing = core.neighbours->road(ours, worker);
    const unsigned packets = take_packets(core, incoming, budget);
    budget -= packets;
    done += packets + take_clocks(core, incoming) + take_wishes(core, outgoing) + take_back(core, outgoing, worker);
  }
  ++core.first_neighbour;
  return done > 0;
}

}  // namespace penstock::sfu

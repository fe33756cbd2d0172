// What one packet costs at one subscription: decide, patch, remember; and what a lost one costs.

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "dataplane/sfu/forward/sent_packets.h"
#include "tests/sfu/forward_script.h"

namespace penstock::sfu {
namespace {

// A stream without end: three temporal layers, three packets to a frame.
class Stream {
 public:
  Stream() : packets_(test::clip("Kx3 2yx3 1yx3 2x3 0x3 2x3 1x3 2x3")) {}

  const StoredPacket& next() {
    if (at_ == packets_.size()) wrap();
    return packets_[at_++];
  }
  const StoredPacket& first() const { return packets_[0]; }

 private:
  void wrap() {
    at_ = 0;
    for (StoredPacket& p : packets_) {
      p.sequence += packets_.size();
      p.timestamp += 8 * test::kFrameUnits;
      p.arrival_ns += 8 * test::kFrame_ns;
      p.key_frame = false;
      p.layer.picture_id = (p.layer.picture_id + 8) & 0x7fff;
      p.layer.tl0_index = static_cast<std::uint8_t>(p.layer.tl0_index + 2);
    }
  }
  std::vector<StoredPacket> packets_;
  std::size_t at_ = 0;
};

struct Subscriptions {
  Subscriptions(std::size_t count, std::uint8_t max_temporal_layer) : forwarders(count), records(count * kSentRecords) {
    SubscriptionParameters parameters;
    parameters.kind = MediaKind::video;
    parameters.max_temporal_layer = max_temporal_layer;
    for (Forwarder& forwarder : forwarders) forwarder.start(parameters);
    source.active = 1;
  }
  SentPackets sent(std::size_t i) { return SentPackets(std::span(records).subspan(i * kSentRecords, kSentRecords)); }

  std::vector<Forwarder> forwarders;
  std::vector<SentRecord> records;
  Source source;
};

// Items are (packet, subscription) pairs. With thousands of subscriptions their state comes from further away than L2.
void decide(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Subscriptions subscriptions(count, static_cast<std::uint8_t>(state.range(1)));
  Stream stream;
  for (auto _ : state) {
    const StoredPacket& packet = stream.next();
    for (std::size_t i = 0; i < count; ++i) {
      if (i + 1 < count) __builtin_prefetch(&subscriptions.forwarders[i + 1]);
      const Decision decision = subscriptions.forwarders[i].on_packet(subscriptions.source, 0, packet);
      if (decision) subscriptions.sent(i).add(decision.outgoing, 0, packet, false, packet.arrival_ns);
      benchmark::DoNotOptimize(decision);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decide)->ArgsProduct({{1, 1024, 16'384}, {0, 2}})->ArgNames({"subscriptions", "temporal"});

// Packets of encodings that the subscription does not forward.
void refuse(benchmark::State& state) {
  Subscriptions subscriptions(1, 2);
  Stream stream;
  subscriptions.source.active = 0b11;
  for (auto _ : state) {
    const Decision decision = subscriptions.forwarders[0].on_packet(subscriptions.source, 1, stream.next());
    benchmark::DoNotOptimize(decision);
    subscriptions.source.active = 0b11;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(refuse);

void find_lost(benchmark::State& state) {
  Subscriptions subscriptions(1, 2);
  std::vector<StoredPacket> memory(512);
  EncodingRing ring(memory);
  subscriptions.source.encodings[0].ring = &ring;
  Stream stream;
  for (int i = 0; i < 400; ++i) {
    const StoredPacket& packet = stream.next();
    ring.put(packet);
    const Decision decision = subscriptions.forwarders[0].on_packet(subscriptions.source, 0, packet);
    subscriptions.sent(0).add(decision.outgoing, 0, packet, false, packet.arrival_ns);
  }
  const std::vector<SentRecord> fresh = subscriptions.records;
  std::uint16_t lost = 0;
  for (auto _ : state) {
    const Resend found =
        subscriptions.sent(0).find(subscriptions.forwarders[0], subscriptions.source, {lost}, 1'000'000'000, 0);
    if (found.verdict != Resend::Verdict::resend) state.SkipWithError("not found");
    benchmark::DoNotOptimize(found);
    if (++lost < 400) continue;
    lost = 0;
    subscriptions.records = fresh;  // 8 KB, once for 400 of them
  }
  state.SetItemsProcessed(state.iterations());
  ring.clear();
}
BENCHMARK(find_lost);

// Every second packet comes late.
void overtaken_numbers(benchmark::State& state) {
  Stream stream;
  Subscriptions subscriptions(1, 2);
  StoredPacket held = stream.next();
  subscriptions.forwarders[0].on_packet(subscriptions.source, 0, held);
  for (auto _ : state) {  // pairs change places
    held = stream.next();
    const StoredPacket& behind = stream.next();
    Decision decision = subscriptions.forwarders[0].on_packet(subscriptions.source, 0, behind);
    benchmark::DoNotOptimize(decision);
    decision = subscriptions.forwarders[0].on_packet(subscriptions.source, 0, held);
    benchmark::DoNotOptimize(decision);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(overtaken_numbers);

}  // namespace
}  // namespace penstock::sfu

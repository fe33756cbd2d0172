// Forwarding to one subscription. An even first byte: a publisher whose streams are as they should be, losses and
// wishes by the fuzzer's choice, against the strict receiver of tests/sfu/forward_model. An odd one: packets with any
// numbers at all, which may come out as nonsense, but in order.

#include <set>
#include <vector>

#include "dataplane/sfu/forward/overtaken.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/sfu/forward_model/session.h"
#include "tests/sfu/forward_script.h"

namespace penstock::sfu {
namespace {

class FuzzDice final : public model::Dice {
 public:
  explicit FuzzDice(fuzz::Input& input) : input_(input) {}
  unsigned below(unsigned bound) override { return static_cast<unsigned>(input_.below(bound)); }

 private:
  fuzz::Input& input_;
};

void run_session(fuzz::Input& input) {
  FuzzDice dice(input);
  model::Session session(dice, model::Session::roll(dice));
  for (int i = 0; i < 1000 && !input.empty() && !session.complaint(); ++i) session.tick();
  session.settle();
  if (session.complaint()) std::fprintf(stderr, "%s\n", session.complaint()->c_str());
  REQUIRE(!session.complaint());
}

// One subscription and a track of any packets.
class Hostile {
 public:
  explicit Hostile(fuzz::Input& input) : input_(input), memory_(4 * kRing), records_(64) {
    for (std::size_t i = 0; i < rings_.size(); ++i) {
      rings_[i] = EncodingRing(std::span(memory_).subspan(i * kRing, kRing));
      source_.encodings[i] = {&rings_[i], &clock_};
    }
    source_.encoding_count = 4;
    parameters_.kind = input.flag() ? MediaKind::video : MediaKind::audio;
    parameters_.first_sequence = input.word();
    parameters_.first_picture_id = input.word();
    parameters_.first_timestamp = input.long_word();
    forwarder_.start(parameters_);
  }
  ~Hostile() {
    for (EncodingRing& ring : rings_) ring.clear();
  }

  void step() {
    now_ns_ += std::uint64_t{input_.byte()} * 1'000'000;
    switch (input_.below(16)) {
      case 0:
        parameters_.max_spatial_layer = input_.byte();
        parameters_.max_temporal_layer = input_.byte();
        parameters_.paused = input_.below(4) == 0;
        return forwarder_.set_limits(parameters_);
      case 1:
        return forwarder_.replace_source();
      case 2:
        return forwarder_.restart(input_.byte());
      case 3:
        source_.active = input_.byte();
        return forwarder_.set_active(source_.active);
      case 4:
        return clock_.on_sender_report({{std::uint64_t{input_.long_word()} << 32}, {input_.long_word()}, 0, 0});
      case 5:
        sent().find(forwarder_, source_, {input_.word()}, now_ns_, input_.long_word());
        return;
      default:
        return offer(input_.byte() % 4, packet());
    }
  }

 private:
  static constexpr std::size_t kRing = 64;

  StoredPacket packet() {
    StoredPacket p;
    const std::uint8_t flags = input_.byte(), fields = input_.byte();
    p.packet = test::payload(flags == 0 ? 0 : 100);
    // Mostly near the last one; anything else now and then.
    sequence_ = (flags & 0xc0) == 0xc0 ? std::uint64_t{input_.long_word()} << (input_.byte() % 33)
                                       : sequence_ + input_.byte() - 64;
    p.sequence = sequence_;
    p.arrival_ns = now_ns_;
    p.timestamp = (flags & 0x20) != 0 ? input_.long_word() : static_cast<std::uint32_t>(now_ns_ / 11'111);
    p.frame_start = (flags & 1) != 0;
    p.key_frame = (flags & 2) != 0;
    p.marker = (flags & 4) != 0;
    p.layer = {.has_picture_id = (fields & 1) != 0,
               .has_tl0_index = (fields & 2) != 0,
               .has_temporal_id = (fields & 4) != 0,
               .layer_sync = (fields & 8) != 0,
               .temporal_id = static_cast<std::uint8_t>(fields >> 4 & 3),
               .tl0_index = input_.byte(),
               .picture_id = input_.word(),
               .short_picture_id = (fields & 0x40) != 0};
    if (flags != 0) test::set_prefix(p);
    return p;
  }

  void offer(std::uint8_t encoding, const StoredPacket& p) {
    rings_[encoding].put(p);
    const std::uint64_t newest = forwarder_.newest_sent();
    const Decision decision = forwarder_.on_packet(source_, encoding, p);
    forwarder_.key_frame_due(now_ns_);
    // Also where everything wraps: a step back would be a huge one ahead.
    REQUIRE(forwarder_.newest_sent() - newest <= SequenceMap::kWindow);
    if (!decision) return;
    const Outgoing& out = decision.outgoing;
    REQUIRE(!parameters_.paused);
    REQUIRE(forwarder_.newest_sent() - out.sequence < SequenceMap::kWindow);
    REQUIRE(numbers_.insert(out.sequence).second);
    REQUIRE(out.prefix_size == p.prefix_size && out.picture_id < 0x8000);
    sent().add(out, encoding, p, out.sequence != forwarder_.newest_sent(), now_ns_);
    if (!decision.switched) return;
    std::vector<StoredPacket> overtaken;
    offer_overtaken(rings_[encoding], p.sequence, [&](const StoredPacket& behind) { overtaken.push_back(behind); });
    for (const StoredPacket& behind : overtaken) offer(encoding, behind);
  }

  SentPackets sent() { return SentPackets(records_); }

  fuzz::Input& input_;
  std::vector<StoredPacket> memory_;
  std::array<EncodingRing, 4> rings_;
  std::vector<SentRecord> records_;
  rtp::SenderReportClock clock_;
  Source source_;
  SubscriptionParameters parameters_;
  Forwarder forwarder_;
  std::set<std::uint64_t> numbers_;
  std::uint64_t sequence_ = 65'536;
  std::uint64_t now_ns_ = 1'000'000'000;
};

}  // namespace
}  // namespace penstock::sfu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 20'000) return 0;
  penstock::fuzz::Input input({data, size});
  if ((input.byte() & 1) == 0) {
    penstock::sfu::run_session(input);
    return 0;
  }
  penstock::sfu::Hostile hostile(input);
  for (int i = 0; i < 5000 && !input.empty(); ++i) hostile.step();
  return 0;
}

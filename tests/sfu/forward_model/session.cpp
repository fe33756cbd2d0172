#include "tests/sfu/forward_model/session.h"

#include "dataplane/sfu/forward/overtaken.h"

namespace penstock::sfu::model {

Session::Options Session::roll(Dice& dice) {
  Options options;
  options.lossless = dice.chance(30);
  options.reports = dice.chance(70);
  options.style.picture_id = dice.chance(85);
  options.style.short_picture_id = dice.chance(30);
  options.style.temporal_id = dice.chance(80);
  options.style.tl0_index = options.style.temporal_id && dice.chance(85);
  return options;
}

Session::Session(Dice& dice, const Options& options)
    : dice_(dice),
      options_(options),
      records_(kSentRecords),
      receiver_(options.style, {.reports = options.reports, .lossless = options.lossless}) {
  for (std::size_t i = 0; i < kEncodings; ++i) {
    memory_[i].resize(512);
    rings_[i] = EncodingRing(memory_[i]);
  }
  parameters_.kind = MediaKind::video;
  parameters_.first_sequence = static_cast<std::uint16_t>(0xff00 + dice.below(256));
  parameters_.first_timestamp = 0xffff'0000 + dice.below(256) * 256;
  parameters_.first_picture_id = static_cast<std::uint16_t>(0x7f00 + dice.below(256));
  forwarder_.start(parameters_);
  publishers_.push_back(std::make_unique<Publisher>(dice_, options_.style));
  change_network();
}

Session::~Session() {
  for (EncodingRing& ring : rings_) ring.clear();
}

void Session::tick() {
  if (dice_.chance(8)) act();
  advance();
}

void Session::act() {
  switch (dice_.below(12)) {
    case 0:
    case 1:
    case 2:
      parameters_.max_spatial_layer = static_cast<std::uint8_t>(dice_.below(4));
      break;
    case 3:
    case 4:
    case 5:
      parameters_.max_temporal_layer = static_cast<std::uint8_t>(dice_.below(4));
      break;
    case 6:
      parameters_.paused = !parameters_.paused;
      break;
    case 7:
    case 8:
      publishers_.back()->switch_on(static_cast<std::uint8_t>(dice_.below(kEncodings)), dice_.chance(60));
      break;
    case 9:
      change_network();
      break;
    case 10:
      if (!options_.lossless) publishers_.back()->jump(static_cast<std::uint8_t>(dice_.below(kEncodings)));
      break;
    default:
      if (dice_.chance(30)) replace_publisher();
  }
  forwarder_.set_limits(parameters_);
}

void Session::change_network() {
  Network network{.reorder_percent = dice_.below(30), .duplicate_percent = dice_.below(5)};
  if (!options_.lossless) {
    network.loss_percent = dice_.chance(10) ? 60 : dice_.below(15);
    network.repair_percent = dice_.below(101);
  }
  publishers_.back()->network = network;
}

void Session::replace_publisher() {
  const Network network = publishers_.back()->network;
  publishers_.push_back(std::make_unique<Publisher>(dice_, options_.style));
  publishers_.back()->network = network;
  ++track_;
  for (std::size_t i = 0; i < kEncodings; ++i) {
    rings_[i].clear();
    flights_[i].clear();
    last_heard_ns_[i] = 0;
  }
  forwarder_.replace_source();
}

void Session::advance() {
  publishers_.back()->tick(now_ns_);
  now_ns_ += kTick_ns;
  for (Flight flight; publishers_.back()->arrive(now_ns_, flight);) arrive(flight);
  forwarder_.set_active(source().active);
  ask_for_key_frames();
}

void Session::arrive(const Flight& flight) {
  last_heard_ns_[flight.encoding] = now_ns_;
  rings_[flight.encoding].put(flight.packet);
  auto& flights = flights_[flight.encoding];
  flights.emplace(flight.packet.sequence, flight);
  if (flights.size() > 600) flights.erase(flights.begin());
  offer(flight);
}

void Session::offer(const Flight& flight) {
  Offered offered{.frame = &publishers_.back()->frame(flight.encoding, flight.frame),
                  .flight = flight,
                  .decision = forwarder_.on_packet(source(), flight.encoding, flight.packet),
                  .track = track_};
  receiver_.on_offered(offered);
  if (!offered.decision) return;
  if (parameters_.paused) complain("forwarded while paused");
  remember(offered);
  if (dice_.chance(5)) lose_one();
  if (!offered.decision.switched) return;
  offer_overtaken(rings_[flight.encoding], flight.packet.sequence, [&](const StoredPacket& packet) {
    const auto known = flights_[flight.encoding].find(packet.sequence);
    if (known != flights_[flight.encoding].end()) offer(known->second);
  });
}

void Session::remember(const Offered& offered) {
  const bool late = offered.decision.outgoing.sequence != forwarder_.newest_sent();
  SentPackets(records_).add(offered.decision.outgoing, offered.flight.encoding, offered.flight.packet, late, now_ns_);
}

// The receiver asks for any of the last packets again.
void Session::lose_one() {
  const auto& sent = receiver_.sent();
  const auto back = static_cast<std::ptrdiff_t>(dice_.below(200));
  if (back >= static_cast<std::ptrdiff_t>(sent.size())) return;
  const Offered& first = std::prev(sent.end(), back + 1)->second;
  const Outgoing& out = first.decision.outgoing;
  const Resend again =
      SentPackets(records_).find(forwarder_, source(), {static_cast<std::uint16_t>(out.sequence)}, now_ns_, 50 * kMs);
  if (again.verdict != Resend::Verdict::resend) return;
  ++resent_;
  if (first.track != track_) complain("a packet of another track was found");
  const bool same = again.outgoing.sequence == out.sequence && again.outgoing.timestamp == out.timestamp &&
                    again.outgoing.marker == out.marker && again.outgoing.prefix == out.prefix &&
                    again.outgoing.prefix_size == out.prefix_size && again.encoding == first.flight.encoding &&
                    again.packet->sequence == first.flight.packet.sequence;
  if (!same) complain("sent again, another packet");
}

Source Session::source() const {
  Source source;
  source.encoding_count = kEncodings;
  for (std::uint8_t i = 0; i < kEncodings; ++i) {
    const bool active = last_heard_ns_[i] != 0 && now_ns_ - last_heard_ns_[i] < kSilence_ns;
    if (active) source.active = static_cast<std::uint8_t>(source.active | 1U << i);
    source.encodings[i].ring = &rings_[i];
    if (options_.reports) source.encodings[i].clock = &publishers_.back()->clock(i);
  }
  return source;
}

void Session::ask_for_key_frames() {
  const auto due = forwarder_.key_frame_due(now_ns_);
  if (!due) return;
  const bool all = dice_.chance(50);
  const std::uint64_t from_ns = now_ns_ + (30 + dice_.below(120)) * kMs;
  for (std::uint8_t i = 0; i < kEncodings; ++i) {
    if (all || i == *due) publishers_.back()->ask_key_frame(i, from_ns);
  }
}

void Session::calm() {
  publishers_.back()->network = {};
  for (std::uint8_t i = 0; i < kEncodings; ++i) publishers_.back()->switch_on(i, true);
  parameters_.paused = false;
  parameters_.max_spatial_layer = kAnyLayer;
  parameters_.max_temporal_layer = kAnyLayer;
  forwarder_.set_limits(parameters_);
}

void Session::settle() {
  calm();
  for (int i = 0; i < 10; ++i) advance();
  for (std::uint8_t i = 0; i < kEncodings; ++i) publishers_.back()->ask_key_frame(i, now_ns_);
  for (int i = 0; i < 20; ++i) advance();
  receiver_.expect_all_decoded_from_here();
  const std::uint64_t forwarded = receiver_.forwarded(), decoded = receiver_.frames_decoded();
  for (int i = 0; i < 60; ++i) advance();
  receiver_.finish();
  if (forwarder_.layers().current() != kEncodings - 1) complain("the best layer is not reached");
  if (forwarder_.layers().waiting()) complain("still waits");
  if (receiver_.forwarded() - forwarded < 55) complain("the stream does not flow");
  if (options_.style.picture_id && receiver_.frames_decoded() - decoded < 55) complain("the stream is not decoded");
}

void Session::complain(const std::string& what) {
  receiver_.complain(what);
}

}  // namespace penstock::sfu::model

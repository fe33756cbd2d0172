#include "tests/sfu/forward_model/publisher.h"

#include "dataplane/rtp/ntp_time.h"
#include "tests/sfu/forward_script.h"

namespace penstock::sfu::model {
namespace {

constexpr std::array<std::uint8_t, 4> kPattern{0, 2, 1, 2};
constexpr std::uint64_t kUnix_ns = 1'700'000'000'000'000'000;

std::uint32_t units(std::uint64_t ns) {
  return static_cast<std::uint32_t>(ns / 1000 * kRate / 1'000'000);
}

}  // namespace

Publisher::Publisher(Dice& dice, const Style& style) : dice_(dice), style_(style) {
  for (Encoding& e : encodings_) {
    e.sequence = 65'536 + dice.below(256) * 256 + dice.below(256);
    e.timestamp = dice.below(256) << 24 | dice.below(256) << 16 | dice.below(256);
    e.picture_id = dice.below(256) << 7 | dice.below(128);
    e.tl0_index = static_cast<std::uint8_t>(dice.below(256));
  }
}

void Publisher::tick(std::uint64_t now_ns) {
  for (std::uint8_t i = 0; i < kEncodings; ++i) {
    Encoding& e = encodings_[i];
    if (!e.on) continue;
    e.frames.push_back(make_frame(i, now_ns));
    send(e.frames.back());
    const std::uint32_t timestamp = e.timestamp + units(now_ns);
    e.clock.on_sender_report({rtp::ntp_from_unix_ns(kUnix_ns + now_ns), {timestamp}, 0, 0});
  }
}

Frame Publisher::make_frame(std::uint8_t encoding, std::uint64_t now_ns) {
  Encoding& e = encodings_[encoding];
  Frame frame;
  frame.encoding = encoding;
  frame.number = static_cast<std::uint32_t>(e.frames.size());
  frame.capture_ns = now_ns;
  frame.key = e.frames.empty() || (e.key_from_ns != 0 && now_ns >= e.key_from_ns);
  if (frame.key) {
    e.key_from_ns = 0;
    e.position = 0;
    e.last_of_layer = {-1, -1, -1};
  }
  frame.layer = style_.temporal_id ? kPattern[e.position++ % kPattern.size()] : 0;
  bool chained = true;  // all that a frame which is no layer sync refers to is there
  for (std::uint8_t l = 0; l <= frame.layer; ++l) chained = chained && e.last_of_layer[l] >= 0;
  frame.sync = frame.layer > 0 && (!chained || dice_.chance(40));
  if (!frame.key) {
    const std::uint8_t highest = frame.sync ? 0 : frame.layer;
    for (std::uint8_t l = 0; l <= highest; ++l) {
      frame.references.push_back(static_cast<std::uint32_t>(e.last_of_layer[l]));
    }
  }
  e.last_of_layer[frame.layer] = static_cast<int>(frame.number);
  frame.packets = 1 + dice_.below(frame.key ? 6 : 1 + encoding);
  ++e.picture_id;
  if (frame.layer == 0) ++e.tl0_index;
  return frame;
}

void Publisher::send(const Frame& frame) {
  Encoding& e = encodings_[frame.encoding];
  for (std::uint32_t i = 0; i < frame.packets; ++i) {
    Flight flight{.encoding = frame.encoding, .frame = frame.number, .index = i, .packet = {}};
    StoredPacket& p = flight.packet;
    p.packet = test::payload();
    p.sequence = e.sequence++;
    p.timestamp = e.timestamp + units(frame.capture_ns);
    p.frame_start = i == 0;
    p.key_frame = frame.key && i == 0;
    p.marker = i + 1 == frame.packets;
    p.layer = {.has_picture_id = style_.picture_id,
               .has_tl0_index = style_.tl0_index,
               .has_temporal_id = style_.temporal_id,
               .layer_sync = frame.sync,
               .temporal_id = frame.layer,
               .tl0_index = e.tl0_index,
               .picture_id = static_cast<std::uint16_t>(e.picture_id & (style_.short_picture_id ? 0x7f : 0x7fff)),
               .short_picture_id = style_.short_picture_id};
    test::set_prefix(p);
    flight.arrival_ns = frame.capture_ns + 20 * kMs + i;
    fly(flight);
  }
}

void Publisher::fly(const Flight& flight) {
  Flight copy = flight;
  copy.order = order_++;
  if (dice_.chance(network.loss_percent)) {
    if (!dice_.chance(network.repair_percent)) return;
    copy.arrival_ns += (30 + dice_.below(120)) * kMs;
  } else if (dice_.chance(network.reorder_percent)) {
    copy.arrival_ns += dice_.below(15) * kMs;
  }
  copy.packet.arrival_ns = copy.arrival_ns;
  flying_.push(copy);
  if (!dice_.chance(network.duplicate_percent)) return;
  copy.order = order_++;
  copy.arrival_ns += dice_.below(50) * kMs;
  copy.packet.arrival_ns = copy.arrival_ns;
  flying_.push(copy);
}

bool Publisher::arrive(std::uint64_t now_ns, Flight& flight) {
  if (flying_.empty() || flying_.top().arrival_ns > now_ns) return false;
  flight = flying_.top();
  flying_.pop();
  return true;
}

void Publisher::ask_key_frame(std::uint8_t encoding, std::uint64_t from_ns) {
  Encoding& e = encodings_[encoding];
  if (e.key_from_ns == 0) e.key_from_ns = from_ns;
}

void Publisher::jump(std::uint8_t encoding) {
  encodings_[encoding].sequence += 600 + dice_.below(256) * 100;
}

}  // namespace penstock::sfu::model

#pragma once
// Scenarios of forwarding as text: clips (what a publisher's encoder made), arrivals (what of it came, and when), and
// what became of it.
//
// A clip is frames between spaces: K is a key frame, 0 to 3 a frame of that temporal layer, - a packet of padding
// alone; y behind it a layer sync, x3 three packets (otherwise one). Packets are numbered from 1.
//
// Arrivals, between spaces: `a7` is the seventh packet of the first encoding's clip, `a3-6` four of them; `layer=1`,
// `temporal=0`, `pause`, `resume`, `active=ab`, `replace`, `restart=a`. Everything is active unless it is said
// otherwise.
//
// The outcome has an entry per packet: `3/2` went out with sequence number 3 and picture id 2 (both count from 1), `3`
// has no picture id; a letter is a refusal: P paused, W waits for a key frame, L wrong layer, T temporal layer, O too
// old, D duplicate, E empty.

#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "dataplane/sfu/forward/forwarder.h"

namespace penstock::sfu::test {

/// Stands in for every payload: nothing here reads one. Never freed for good, however often a ring lets go of it.
inline net::Packet* payload(std::uint16_t size = 100) {
  static rte_mbuf full{}, none{};
  rte_mbuf& packet = size == 0 ? none : full;
  packet.data_len = size;
  packet.nb_segs = 1;
  rte_mbuf_refcnt_set(&packet, 0x7000);
  return &packet;
}

inline constexpr std::uint32_t kFrameUnits = 3000;  ///< 33 ms at 90 kHz
inline constexpr std::uint64_t kFrame_ns = 33'333'333;

/// The VP8 descriptor of a packet (RFC 7741 section 4.2) as the store has it.
inline void set_prefix(StoredPacket& packet) {
  const LayerInfo& layer = packet.layer;
  std::size_t at = 0;
  const bool extended = layer.has_picture_id || layer.has_tl0_index || layer.has_temporal_id;
  packet.prefix[at++] = static_cast<std::uint8_t>((extended ? 0x80 : 0) | (packet.frame_start ? 0x10 : 0));
  if (extended) {
    packet.prefix[at++] = static_cast<std::uint8_t>(
        (layer.has_picture_id ? 0x80 : 0) | (layer.has_tl0_index ? 0x40 : 0) | (layer.has_temporal_id ? 0x20 : 0));
  }
  if (layer.has_picture_id) at += 2;
  if (layer.has_tl0_index) packet.prefix[at++] = layer.tl0_index;
  if (layer.has_temporal_id) {
    packet.prefix[at++] = static_cast<std::uint8_t>(layer.temporal_id << 6 | (layer.layer_sync ? 0x20 : 0));
  }
  packet.prefix_size = static_cast<std::uint8_t>(at);
}

/// Where an encoding's numbers begin, and which fields its descriptors have.
struct ClipOptions {
  std::uint64_t sequence = 1000;
  std::uint32_t timestamp = 50'000;
  std::uint32_t picture_id = 0x7ffe;
  std::uint8_t tl0_index = 0xfe;
  bool has_picture_id = true, short_picture_id = false, has_tl0_index = true, has_temporal_id = true;
};

inline std::vector<StoredPacket> clip(const std::string& text, const ClipOptions& options = {}) {
  std::vector<StoredPacket> packets;
  std::istringstream frames(text);
  std::uint32_t frame = 0;
  std::uint8_t tl0 = options.tl0_index;
  for (std::string word; frames >> word;) {
    const std::size_t times = word.find('x');
    const int count = times == std::string::npos ? 1 : std::stoi(word.substr(times + 1));
    const bool padding = word[0] == '-', key = word[0] == 'K';
    const auto layer = static_cast<std::uint8_t>(key || padding ? 0 : word[0] - '0');
    if (!padding) ++frame;
    if (!padding && layer == 0) ++tl0;
    for (int i = 0; i < count; ++i) {
      StoredPacket p;
      p.packet = payload(padding ? 0 : 100);
      p.sequence = options.sequence + packets.size();
      p.timestamp = options.timestamp + frame * kFrameUnits;
      p.arrival_ns = 1'000'000'000 + frame * kFrame_ns;
      if (!padding) {
        p.frame_start = i == 0;
        p.key_frame = key && i == 0;
        p.marker = i == count - 1;
        p.layer = {.has_picture_id = options.has_picture_id,
                   .has_tl0_index = options.has_tl0_index,
                   .has_temporal_id = options.has_temporal_id,
                   .layer_sync = word.find('y') != std::string::npos,
                   .temporal_id = layer,
                   .tl0_index = tl0,
                   .picture_id = static_cast<std::uint16_t>((options.picture_id + frame) &
                                                            (options.short_picture_id ? 0x7f : 0x7fff)),
                   .short_picture_id = options.short_picture_id};
        set_prefix(p);
      }
      packets.push_back(p);
    }
  }
  return packets;
}

/// One subscription, to which arrivals are offered.
class Script {
 public:
  static constexpr std::uint16_t kFirstSequence = 65'534;
  static constexpr std::uint16_t kFirstPictureId = 0x7ffd;

  explicit Script(std::vector<std::vector<StoredPacket>> clips, MediaKind kind = MediaKind::video)
      : clips_(std::move(clips)) {
    parameters_.kind = kind;
    parameters_.first_sequence = kFirstSequence;
    parameters_.first_picture_id = kFirstPictureId;
    source_.encoding_count = static_cast<std::uint8_t>(clips_.size());
    source_.active = static_cast<std::uint8_t>((1U << clips_.size()) - 1);
    forwarder_.start(parameters_);
  }

  std::string run(const std::string& arrivals) {
    std::istringstream words(arrivals);
    for (std::string word; words >> word;) step(word);
    return outcome_;
  }

  Forwarder& forwarder() { return forwarder_; }
  Source& source() { return source_; }
  const std::vector<Decision>& decisions() const { return decisions_; }

 private:
  void step(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string what = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (what == "layer") parameters_.max_spatial_layer = static_cast<std::uint8_t>(std::stoi(value));
    if (what == "temporal") parameters_.max_temporal_layer = static_cast<std::uint8_t>(std::stoi(value));
    if (what == "pause" || what == "resume") parameters_.paused = what == "pause";
    if (what == "layer" || what == "temporal" || what == "pause" || what == "resume") {
      forwarder_.set_limits(parameters_);
    } else if (what == "replace") {
      forwarder_.replace_source();
    } else if (what == "restart") {
      forwarder_.restart(static_cast<std::uint8_t>(value[0] - 'a'));
    } else if (what == "active") {
      source_.active = 0;
      for (const char c : value) source_.active = static_cast<std::uint8_t>(source_.active | 1U << (c - 'a'));
      forwarder_.set_active(source_.active);
    } else {
      arrive(word);
    }
  }

  void arrive(const std::string& word) {
    const auto encoding = static_cast<std::uint8_t>(word[0] - 'a');
    const std::size_t dash = word.find('-');
    const int first = std::stoi(word.substr(1));
    const int last = dash == std::string::npos ? first : std::stoi(word.substr(dash + 1));
    for (int i = first; i <= last; ++i) {
      const StoredPacket& packet = clips_.at(encoding).at(static_cast<std::size_t>(i - 1));
      decisions_.push_back(forwarder_.on_packet(source_, encoding, packet));
      if (!outcome_.empty()) outcome_ += ' ';
      outcome_ += describe(decisions_.back(), packet);
    }
  }

  static std::string describe(const Decision& decision, const StoredPacket& packet) {
    static const std::map<Verdict, std::string> letters = {{Verdict::paused, "P"},      {Verdict::wait_key_frame, "W"},
                                                           {Verdict::wrong_layer, "L"}, {Verdict::temporal_layer, "T"},
                                                           {Verdict::late, "O"},        {Verdict::duplicate, "D"},
                                                           {Verdict::empty, "E"}};
    if (!decision) return letters.at(decision.verdict);
    std::string out = std::to_string(decision.outgoing.sequence - kFirstSequence + 1);
    if (!packet.layer.has_picture_id) return out;
    return out + "/" + std::to_string((decision.outgoing.picture_id - kFirstPictureId + 1) & 0x7fff);
  }

  std::vector<std::vector<StoredPacket>> clips_;
  SubscriptionParameters parameters_;
  Source source_;
  Forwarder forwarder_;
  std::vector<Decision> decisions_;
  std::string outcome_;
};

}  // namespace penstock::sfu::test

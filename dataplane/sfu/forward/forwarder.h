#pragma once
// One subscription's half of forwarding: from the stored packets of a track's encodings to what one receiver is sent.
// No memory, no clock, no port: the caller gives packets and time, and sends what comes out.

#include <cstdint>
#include <optional>

#include "dataplane/sfu/forward/layer_selector.h"
#include "dataplane/sfu/forward/outgoing.h"
#include "dataplane/sfu/forward/picture_map.h"
#include "dataplane/sfu/forward/sequence_map.h"
#include "dataplane/sfu/forward/source.h"
#include "dataplane/sfu/forward/temporal_filter.h"
#include "dataplane/sfu/forward/timestamp_map.h"

namespace penstock::sfu {

/// Trivially copyable. Zero bytes are no state: call start().
class alignas(64) Forwarder {
 public:
  /// A new subscription: the outgoing numbers begin as the parameters say, layers and pause are set.
  void start(const SubscriptionParameters& parameters);
  /// Other layers, or a pause, of the same subscription; numbers go on.
  void set_limits(const SubscriptionParameters& parameters);
  /// From now on packets of another track are offered (or of none, or of the same with new parameters). The receiver's
  /// numbers and timestamps go on; what was sent of the old track can no longer be asked for.
  void replace_source();
  /// Encodings began or ceased to be active: the target may change. on_packet() does it as well.
  void set_active(std::uint8_t active) { layers_.set_active(active); }
  /// The source's numbers of this encoding begin anew (another SSRC, or rtp::ReceiverStatistics says restarted).
  void restart(std::uint8_t encoding);

  /// Every packet of the track, once it is in its ring, in the order of arrival. Forward what comes out at once:
  /// outgoing numbers count from it.
  Decision on_packet(const Source& source, std::uint8_t encoding, const StoredPacket& packet);

  /// Ask after on_packet(), set_limits(), set_active(): the encoding of which the publisher is to be asked for a key
  /// frame now. At once, and every LayerSelector::kAskAgain_ns as long as it is waited for.
  std::optional<std::uint8_t> key_frame_due(std::uint64_t now_ns) {
    return layers_.waiting() ? layers_.key_frame_due(now_ns) : std::nullopt;
  }

  const LayerSelector& layers() const { return layers_; }
  std::uint8_t temporal_layers() const { return temporal_.layers(); }
  std::uint64_t newest_sent() const { return sequences_.newest_sent(); }  ///< outgoing sequence number
  /// What was sent before cannot be rebuilt: it was of another track.
  std::uint64_t oldest_kept() const { return oldest_kept_; }
  const TimestampMap& timestamps() const { return timestamps_; }
  /// The encoding that timestamps(), and sequence numbers, are mapped from; LayerSelector::kNone: of a track that is
  /// gone. Goes on while paused.
  std::uint8_t mapped() const { return mapped_; }
  /// Begins to fetch what on_packet() touches of it: all but the line of its history, for which prefetch_history() is,
  /// once this is done.
  void prefetch() const {
    __builtin_prefetch(this, 1);
    __builtin_prefetch(&layers_, 1);
  }
  void prefetch_history() const { sequences_.prefetch(history_); }

  /// The source's newest sequence number of an encoding that was forwarded.
  std::uint64_t newest_source(std::uint8_t encoding) const {
    return encoding == mapped_ ? sequences_.newest() : newest_source_[encoding];
  }

 private:
  Decision enter(const Source& source, std::uint8_t encoding, const StoredPacket& packet);
  Decision place(const Source& source, std::uint8_t encoding, const StoredPacket& packet);
  Decision jump(const Source& source, std::uint8_t encoding, const StoredPacket& packet);
  Decision take_newest(const StoredPacket& packet);
  Decision take_late(const StoredPacket& packet);
  Decision take_empty(std::uint8_t encoding, const StoredPacket& packet);
  bool same_frame(const StoredPacket& packet) const;
  Unmissed unmissed(const StoredPacket& packet, bool forwarded) const;
  Decision made(const StoredPacket& packet, std::uint64_t sequence) const;
  std::optional<std::uint32_t> aligned(const Source& source, std::uint8_t encoding, std::uint32_t timestamp) const;

  // The first line: what every packet needs.
  SequenceMap sequences_;
  TimestampMap timestamps_;
  std::uint32_t last_timestamp_ = 0;  ///< the source's, of the newest packet
  bool last_marker_ = false;          ///< its frame, or what came behind it, is over
  bool last_forwarded_ = false;
  bool audio_ = false;
  std::uint8_t mapped_ = LayerSelector::kNone;
  // The second: layers.
  LayerSelector layers_;
  PictureMap pictures_;
  TemporalFilter temporal_;
  // One line of these two per packet.
  alignas(64) SequenceHistory history_;
  // Seldom.
  std::uint64_t oldest_kept_ = 0;
  std::array<std::uint64_t, kMostEncodings> newest_source_{};
};

}  // namespace penstock::sfu

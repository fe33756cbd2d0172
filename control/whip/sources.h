#pragma once
// The tracks that are published in rooms, and which of them a viewer of a room is shown. Private to the folder.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "control/rooms/spec.h"

namespace penstock::control::whip {

/// What a viewer can take: of a kind and codec, perhaps of one publisher alone.
struct Taste {
  sfu::MediaKind kind = sfu::MediaKind::audio;
  sfu::Codec codec = sfu::Codec::opus;
  std::string publisher{};  ///< an endpoint; empty: any
};

/// Of one room.
class Sources {
 public:
  void add(const rooms::TrackReference& track, sfu::MediaKind kind, sfu::Codec codec);
  void remove(const rooms::TrackReference& track);
  /// Whether it had any.
  bool remove_endpoint(std::string_view endpoint);
  /// Packets of one of its encodings come, or have stopped. Whether that began or ended its sending: choices may
  /// differ.
  bool set_active(const rooms::TrackReference& track, std::uint32_t encoding, bool active);
  bool empty() const { return sources_.empty(); }

  /// What is shown instead of `current`. It stays until it is gone or a newer one sends: a publisher that reloads is
  /// followed as soon as its media comes, and its old track's silence is no reason to jump elsewhere. Nothing current:
  /// the newest that sends, else the newest.
  std::optional<rooms::TrackReference> choose(const Taste& taste,
                                              const std::optional<rooms::TrackReference>& current) const;

 private:
  struct Key {
    std::string endpoint, track;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Source {
    sfu::MediaKind kind = sfu::MediaKind::audio;
    sfu::Codec codec = sfu::Codec::opus;
    std::uint64_t number = 0;            ///< counts up: higher is newer
    std::uint32_t active_encodings = 0;  ///< bits
  };

  static Key key(const rooms::TrackReference& track) { return {track.endpoint, track.track}; }

  std::map<Key, Source> sources_;
  std::uint64_t next_number_ = 1;
};

}  // namespace penstock::control::whip

#pragma once
// What happens in rooms, for signaling servers: one flat struct, whatever the type; absent members do not apply.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::control::rooms {

enum class EventType : std::uint8_t {
  room_created,
  room_updated,
  room_deleted,  ///< with everything in it; `reason` when nobody asked ("lease expired")
  endpoint_created,
  endpoint_updated,
  endpoint_deleted,  ///< with its tracks and subscriptions; `reason` when nobody asked
  endpoint_ice,      ///< `state`: of kIceViewStateNames; `reason` when failed
  endpoint_moved,    ///< `worker`: where it is now
  endpoint_dtls,     ///< `state`: of kDtlsStateNames; `reason` when failed
  track_created,
  track_updated,
  track_deleted,
  track_encoding,  ///< `encoding`, `active`; `width` and `height` of video once known; of size alone: once a second at
                   ///< most
  subscription_created,
  subscription_updated,  ///< also when its track was deleted: `reason`
  subscription_deleted,
  subscription_layer,  ///< `spatial_layer` forwarded (absent: none), `target_spatial_layer` waited for (absent: none)
  count_
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(EventType::count_)> kEventTypeNames = {
    "room.created",         "room.updated",       "room.deleted",   "endpoint.created",     "endpoint.updated",
    "endpoint.deleted",     "endpoint.ice",       "endpoint.moved", "endpoint.dtls",        "track.created",
    "track.updated",        "track.deleted",      "track.encoding", "subscription.created", "subscription.updated",
    "subscription.deleted", "subscription.layer",
};
constexpr std::string_view name(EventType type) {
  return kEventTypeNames[static_cast<std::size_t>(type)];
}

struct Event {
  std::uint64_t number = 0;  ///< counts up from 1 within an epoch
  EventType type = EventType::room_created;
  std::uint64_t unix_ms = 0;
  std::string room;
  std::string endpoint{}, track{}, subscription{};  ///< empty: not about one
  std::string state{}, reason{};
  std::optional<std::uint32_t> encoding{}, width{}, height{};
  std::optional<bool> active{};
  std::optional<std::uint16_t> worker{};
  std::optional<std::uint8_t> spatial_layer{}, target_spatial_layer{};
};

}  // namespace penstock::control::rooms

#pragma once
// The sessions there are, and the rooms that were made for them. Private to the folder.

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "control/rooms/rooms.h"
#include "control/sdp/ice_fragment.h"
#include "control/sdp/negotiate.h"

namespace penstock::control::whip {

struct Session {
  std::string id;  ///< of the endpoint
  std::string room;
  sdp::Role role = sdp::Role::publisher;
  std::string token;         ///< that began it; empty without tokens
  sdp::TaggedLine tagged{};  ///< for the answer to an ICE restart
};

class Sessions {
 public:
  explicit Sessions(rooms::Rooms& rooms) : rooms_(rooms) {}

  void add(Session session);
  /// nullptr: none of that id, room and role.
  const Session* find(std::string_view room, std::string_view id, sdp::Role role) const;
  std::size_t count(sdp::Role role) const;

  /// How a room is made. Its metadata say for whom, so that a signaling server that describes it anew takes it over.
  static rooms::RoomSpec room_spec();
  void made_room(std::string room) { made_.insert(std::move(room)); }
  /// To be told of every event: sessions go with their endpoints (the client hung up, or its consent expired), made
  /// rooms with their last endpoint.
  void on_event(const rooms::Event& event);

 private:
  void forget_room(const std::string& room);
  void delete_if_empty(const std::string& room);

  rooms::Rooms& rooms_;
  std::map<std::string, Session, std::less<>> by_id_;
  std::set<std::string, std::less<>> made_;
};

}  // namespace penstock::control::whip

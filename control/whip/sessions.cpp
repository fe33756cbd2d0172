#include "control/whip/sessions.h"

#include <algorithm>
#include <utility>

namespace penstock::control::whip {
namespace {

constexpr std::string_view kMadeForSessions = "made by WHIP or WHEP; goes with its last endpoint";

}  // namespace

void Sessions::add(Session session) {
  std::string id = session.id;
  by_id_.insert_or_assign(std::move(id), std::move(session));
}

const Session* Sessions::find(std::string_view room, std::string_view id, sdp::Role role) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || found->second.room != room || found->second.role != role) return nullptr;
  return &found->second;
}

std::size_t Sessions::count(sdp::Role role) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(by_id_, [role](const auto& entry) { return entry.second.role == role; }));
}

rooms::RoomSpec Sessions::room_spec() {
  rooms::RoomSpec spec;
  spec.metadata = kMadeForSessions;
  return spec;
}

void Sessions::on_event(const rooms::Event& event) {
  using enum rooms::EventType;
  if (event.type == room_deleted) forget_room(event.room);
  if (event.type == room_updated && made_.contains(event.room)) {
    const auto view = rooms_.room(event.room);
    if (view && view->spec.metadata != kMadeForSessions) made_.erase(event.room);
  }
  if (event.type == endpoint_deleted) {
    const auto session = by_id_.find(event.endpoint);
    if (session != by_id_.end() && session->second.room == event.room) by_id_.erase(session);
    delete_if_empty(event.room);
  }
}

void Sessions::forget_room(const std::string& room) {
  made_.erase(room);
  std::erase_if(by_id_, [&room](const auto& entry) { return entry.second.room == room; });
}

void Sessions::delete_if_empty(const std::string& room) {
  if (!made_.contains(room)) return;
  const auto view = rooms_.room(room);
  if (view && view->endpoints == 0) (void)rooms_.apply(rooms::DeleteRoom{room});
}

}  // namespace penstock::control::whip

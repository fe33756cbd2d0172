#include "control/whip/following.h"

#include <algorithm>
#include <span>

#include "control/whip/specs.h"

namespace penstock::control::whip {
namespace {

// Below rooms::Limits::steps_per_batch.
constexpr std::size_t kStepsPerBatch = 1024;

rooms::TrackReference track_of(const rooms::Event& event) {
  return {event.endpoint, event.track};
}

rooms::Step move(const std::string& room, const std::string& endpoint, const Follower& follower) {
  rooms::SubscriptionPatch patch;
  patch.track = follower.source;
  return {rooms::PatchSubscription{room, endpoint, follower.subscription, std::move(patch)}};
}

}  // namespace

std::optional<rooms::TrackReference> Following::choose(const std::string& room, const Taste& taste) const {
  const auto found = by_room_.find(room);
  return found == by_room_.end() ? std::nullopt : found->second.sources.choose(taste, {});
}

void Following::add(const std::string& room, const std::string& endpoint, std::vector<Follower> followers) {
  by_room_[room].viewers.insert_or_assign(endpoint, std::move(followers));
}

void Following::on_event(const rooms::Event& event) {
  using enum rooms::EventType;
  switch (event.type) {
    case track_created:
      return add_source(event);
    case track_deleted:
      by_room_[event.room].sources.remove(track_of(event));
      return reconsider(event.room);
    case track_encoding:
      // One pass over the viewers is too much for a change of size, or of one encoding among others.
      if (by_room_[event.room].sources.set_active(track_of(event), event.encoding.value_or(0),
                                                  event.active.value_or(false))) {
        reconsider(event.room);
      }
      return;
    case endpoint_deleted:
      return forget_endpoint(event);
    case subscription_updated:
      return note_source(event);
    case endpoint_moved:
      return follow_moved(event);
    case room_deleted:
      by_room_.erase(event.room);
      return;
    default:
      return;
  }
}

void Following::add_source(const rooms::Event& event) {
  const auto track = rooms_.track(event.room, event.endpoint, event.track);
  if (!track) return;  // deleted again already
  by_room_[event.room].sources.add(track_of(event), track->spec.kind, codec_of(track->spec.codecs));
  reconsider(event.room);
}

void Following::forget_endpoint(const rooms::Event& event) {
  const auto room = by_room_.find(event.room);
  if (room == by_room_.end()) return;
  room->second.viewers.erase(event.endpoint);
  const bool published = room->second.sources.remove_endpoint(event.endpoint);
  if (room->second.viewers.empty() && room->second.sources.empty()) {
    by_room_.erase(room);
  } else if (published) {
    reconsider(event.room);
  }
}

void Following::note_source(const rooms::Event& event) {
  const auto room = by_room_.find(event.room);
  if (room == by_room_.end()) return;
  const auto viewer = room->second.viewers.find(event.endpoint);
  if (viewer == room->second.viewers.end()) return;
  const auto follower = std::ranges::find(viewer->second, event.subscription, &Follower::subscription);
  if (follower == viewer->second.end()) return;
  const auto view = rooms_.subscription(event.room, event.endpoint, event.subscription);
  if (view) follower->source = view->spec.track;
}

// What it was to follow while it was between two workers was refused.
void Following::follow_moved(const rooms::Event& event) {
  const auto room = by_room_.find(event.room);
  if (room == by_room_.end()) return;
  const auto viewer = room->second.viewers.find(event.endpoint);
  if (viewer == room->second.viewers.end()) return;
  for (Follower& follower : viewer->second) {
    const auto view = rooms_.subscription(event.room, event.endpoint, follower.subscription);
    if (view) follower.source = view->spec.track;
  }
  std::vector<rooms::Step> steps;
  choose_for(event.room, event.endpoint, viewer->second, steps);
  apply(steps);
}

void Following::reconsider(const std::string& room) {
  const auto found = by_room_.find(room);
  if (found == by_room_.end()) return;
  std::vector<rooms::Step> steps;
  for (auto& [endpoint, followers] : found->second.viewers) choose_for(room, endpoint, followers, steps);
  apply(steps);
}

void Following::choose_for(const std::string& room, const std::string& endpoint, std::vector<Follower>& followers,
                           std::vector<rooms::Step>& steps) {
  const Sources& sources = by_room_[room].sources;
  for (Follower& follower : followers) {
    auto source = sources.choose(follower.taste, follower.source);
    if (source == follower.source) continue;
    follower.source = std::move(source);
    steps.push_back(move(room, endpoint, follower));
  }
}

void Following::apply(const std::vector<rooms::Step>& steps) {
  for (std::size_t done = 0; done < steps.size(); done += kStepsPerBatch) {
    const std::span batch(steps.data() + done, std::min(kStepsPerBatch, steps.size() - done));
    if (rooms_.apply(batch)) continue;
    // A subscription or a track may be gone by now; the others are to be moved all the same.
    for (const rooms::Step& step : batch) (void)rooms_.apply(step);
  }
}

}  // namespace penstock::control::whip

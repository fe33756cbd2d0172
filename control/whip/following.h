#pragma once
// Viewers' subscriptions follow what is published in their room, without renegotiation. Private to the folder.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/rooms/rooms.h"
#include "control/whip/sources.h"

namespace penstock::control::whip {

/// One subscription of a viewer.
struct Follower {
  std::string subscription;
  Taste taste;
  std::optional<rooms::TrackReference> source{};
};

class Following {
 public:
  explicit Following(rooms::Rooms& rooms) : rooms_(rooms) {}

  /// What a new viewer is shown at first.
  std::optional<rooms::TrackReference> choose(const std::string& room, const Taste& taste) const;
  void add(const std::string& room, const std::string& endpoint, std::vector<Follower> followers);
  /// To be told of every event.
  void on_event(const rooms::Event& event);

 private:
  struct Room {
    Sources sources;
    std::map<std::string, std::vector<Follower>> viewers;  ///< by endpoint
  };

  void add_source(const rooms::Event& event);
  void forget_endpoint(const rooms::Event& event);
  /// Whoever changed a subscription over the API is believed.
  void note_source(const rooms::Event& event);
  void follow_moved(const rooms::Event& event);
  /// Moves the followers whose choice has changed.
  void reconsider(const std::string& room);
  /// Of one viewer: adds the steps that move them.
  void choose_for(const std::string& room, const std::string& endpoint, std::vector<Follower>& followers,
                  std::vector<rooms::Step>& steps);
  void apply(const std::vector<rooms::Step>& steps);

  rooms::Rooms& rooms_;
  std::map<std::string, Room> by_room_;
};

}  // namespace penstock::control::whip

#pragma once
// A batch: steps that are applied all or none, in their order. A single PUT, PATCH or DELETE is a batch of one.

#include <string>
#include <variant>
#include <vector>

#include "control/rooms/error.h"
#include "control/rooms/spec.h"
#include "control/rooms/view.h"

namespace penstock::control::rooms {

/// Creates or replaces. Putting what is there already changes nothing, its entity tag included (a lease is renewed).
struct PutRoom {
  std::string room;
  RoomSpec spec;
};
/// And everything in it.
struct DeleteRoom {
  std::string room;
};
/// `conflict` for a room without a lease.
struct RenewLease {
  std::string room;
};
struct PutEndpoint {
  std::string room, endpoint;
  EndpointSpec spec;
};
struct PatchEndpoint {
  std::string room, endpoint;
  EndpointPatch patch;
};
/// And its tracks and subscriptions; others' subscriptions to its tracks lose their source.
struct DeleteEndpoint {
  std::string room, endpoint;
};
struct PutTrack {
  std::string room, endpoint, track;
  TrackSpec spec;
};
/// Subscriptions to it stay, without a source.
struct DeleteTrack {
  std::string room, endpoint, track;
};
/// Asks the publisher for key frames of all encodings (video only).
struct RequestKeyFrame {
  std::string room, endpoint, track;
};
struct PutSubscription {
  std::string room, endpoint, subscription;
  SubscriptionSpec spec;
};
struct PatchSubscription {
  std::string room, endpoint, subscription;
  SubscriptionPatch patch;
};
struct DeleteSubscription {
  std::string room, endpoint, subscription;
};

using Change = std::variant<PutRoom, DeleteRoom, RenewLease, PutEndpoint, PatchEndpoint, DeleteEndpoint, PutTrack,
                            DeleteTrack, RequestKeyFrame, PutSubscription, PatchSubscription, DeleteSubscription>;

/// RFC 9110 section 13.1, on the object that the change addresses, as the steps before left it. Entity tags without
/// quotes; "*" stands for any.
struct Precondition {
  std::vector<std::string> if_match{};       ///< empty: no such header
  std::vector<std::string> if_none_match{};  ///< empty: no such header
};

struct Step {
  Change change;
  Precondition precondition{};
};

/// What a step came to.
struct Outcome {
  bool created = false;  ///< a PUT made a new object: 201
  bool changed = false;  ///< the model is not as before; false: it was so already
  /// The object after the whole batch; std::monostate when it is gone.
  std::variant<std::monostate, RoomView, EndpointView, TrackView, SubscriptionView> view{};
};

}  // namespace penstock::control::rooms

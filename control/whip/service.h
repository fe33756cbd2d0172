#pragma once
// The handlers. Private to the folder.

#include <optional>
#include <string>
#include <vector>

#include "control/http/router.h"
#include "control/rooms/rooms.h"
#include "control/sdp/negotiate.h"
#include "control/sdp/offer.h"
#include "control/whip/following.h"
#include "control/whip/sessions.h"
#include "control/whip/specs.h"
#include "control/whip/whip.h"

namespace penstock::control::whip {

/// An offer and what was made of it.
struct Call {
  std::string room;
  std::string id;  ///< of the session to be
  sdp::Offer offer;
  sdp::Negotiated negotiated;
};

class Whip::Service {
 public:
  Service(rooms::Rooms& rooms, Options options);

  http::Router router(sdp::Role role);
  void set_secrets(std::vector<std::string> secrets) { options_.secrets = std::move(secrets); }
  Statistics statistics() const;

 private:
  // begin.cpp
  http::Response begin(const http::Request& request, sdp::Role role);
  http::Response publish(const http::Request& request, Call call);
  http::Response play(const http::Request& request, Call call);
  /// The endpoint, with `more` of it, in a room that is made if need be: all or nothing.
  tl::expected<std::vector<rooms::Outcome>, rooms::Error> create(const Call& call, rooms::EndpointSpec spec,
                                                                 std::vector<rooms::Step> more);
  http::Response created(const http::Request& request, const Call& call,
                         std::vector<std::optional<sdp::Sending>> sending);

  // session.cpp
  http::Response patch(const http::Request& request, sdp::Role role);
  http::Response restart_ice(const Session& session, const rooms::EndpointView& endpoint,
                             const sdp::IceFragment& fragment);
  http::Response end(const http::Request& request, sdp::Role role);

  void on_event(const rooms::Event& event);

  rooms::Rooms& rooms_;
  Options options_;
  Sessions sessions_;
  Following following_;
  rooms::EventHistory::Ticket ticket_;
};

}  // namespace penstock::control::whip

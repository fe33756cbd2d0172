#pragma once
// WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): SDP in, SDP out, on the model of rooms.
//
//   POST /whip/{room}               an offer to publish; 201 with the answer and Location, the session
//   POST /whep/{room}               an offer to play; ?endpoint=ID: that publisher alone
//   PATCH /whip|whep/{room}/{id}    trickled candidates, or an ICE restart
//   DELETE /whip|whep/{room}/{id}   the end
//
// A session is an endpoint of the model, under the same id, which nobody can guess; its tracks ("audio", "video") or
// subscriptions of the same names are there for /v1 to look at and to change (layers, pause, source). A player may come
// before any publisher: it is answered, and media begins when there is some. It follows the newest publisher of its
// room that sends. A room that does not exist is made, and goes with its last endpoint.

#include <cstddef>
#include <memory>

#include "control/http/router.h"
#include "control/rooms/rooms.h"
#include "control/whip/options.h"

namespace penstock::control::whip {

struct Statistics {
  std::size_t publishers = 0;  ///< sessions now
  std::size_t players = 0;
};

class Whip {
 public:
  /// On the control thread, as all of it. `rooms` outlives it.
  Whip(rooms::Rooms& rooms, Options options);
  ~Whip();
  Whip(const Whip&) = delete;
  Whip& operator=(const Whip&) = delete;

  /// Mounts /whip and /whep with their CORS. The router is not used any more when this is destroyed.
  void mount(http::Router& router);
  /// Other secrets from the next request on; sessions stay.
  void set_secrets(std::vector<std::string> secrets);
  Statistics statistics() const;

 private:
  class Service;
  std::unique_ptr<Service> service_;
};

}  // namespace penstock::control::whip

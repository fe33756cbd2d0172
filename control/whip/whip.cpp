#include "control/whip/whip.h"

#include <utility>

#include "control/whip/answers.h"
#include "control/whip/cors.h"
#include "control/whip/service.h"

namespace penstock::control::whip {
namespace {

std::string prefix(sdp::Role role) {
  return role == sdp::Role::publisher ? "/whip" : "/whep";
}

/// RFC 9725 section 4.1: neither has a representation, and asking for it is no error.
http::Response nothing(const http::Request&) {
  return {.status = 204};
}

http::Handler options(std::string allow, std::string accept_header, std::string_view type) {
  return [=, type = std::string(type)](const http::Request&) {
    http::Response response{.status = 200};
    response.headers.set("Allow", allow);
    response.headers.set(accept_header, type);
    return response;
  };
}

}  // namespace

Whip::Service::Service(rooms::Rooms& rooms, Options options)
    : rooms_(rooms),
      options_(std::move(options)),
      sessions_(rooms),
      following_(rooms),
      ticket_(rooms.events().listen([this](const rooms::Event& event) { on_event(event); })) {}

http::Router Whip::Service::router(sdp::Role role) {
  const std::string endpoint = prefix(role) + "/{room}";
  const std::string session = endpoint + "/{session}";
  http::Router router;
  router.use(cors(options_.allowed_origin));
  router.add("POST", endpoint, [this, role](const http::Request& r) { return begin(r, role); });
  router.add("GET", endpoint, nothing);
  router.add("OPTIONS", endpoint, options("POST, GET, HEAD, OPTIONS", "Accept-Post", kSdpType));
  router.add("PATCH", session, [this, role](const http::Request& r) { return patch(r, role); });
  router.add("DELETE", session, [this, role](const http::Request& r) { return end(r, role); });
  router.add("GET", session, nothing);
  router.add("OPTIONS", session, options("PATCH, DELETE, GET, HEAD, OPTIONS", "Accept-Patch", kFragmentType));
  return router;
}

Statistics Whip::Service::statistics() const {
  return {sessions_.count(sdp::Role::publisher), sessions_.count(sdp::Role::player)};
}

void Whip::Service::on_event(const rooms::Event& event) {
  following_.on_event(event);
  sessions_.on_event(event);
}

Whip::Whip(rooms::Rooms& rooms, Options options) : service_(std::make_unique<Service>(rooms, std::move(options))) {}

Whip::~Whip() = default;

void Whip::mount(http::Router& router) {
  for (const sdp::Role role : {sdp::Role::publisher, sdp::Role::player}) {
    router.mount(prefix(role), service_->router(role));
  }
}

void Whip::set_secrets(std::vector<std::string> secrets) {
  service_->set_secrets(std::move(secrets));
}

Statistics Whip::statistics() const {
  return service_->statistics();
}

}  // namespace penstock::control::whip

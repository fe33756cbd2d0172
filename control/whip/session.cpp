// PATCH and DELETE of a session.

#include "control/http/problem.h"
#include "control/whip/answers.h"
#include "control/whip/authorization.h"
#include "control/whip/entity_tag.h"
#include "control/whip/service.h"

namespace penstock::control::whip {
namespace {

/// The answer to a request that may not use this session.
std::optional<http::Response> barrier(const Options& options, const http::Request& request, sdp::Role role,
                                      const Session* session) {
  const std::string& room = request.parameter("room");
  // Without a session there is no token that began it: who may not be here does not learn which sessions there are.
  if (auto refused = refusal(options, request, room, role, session == nullptr ? "" : session->token)) return refused;
  if (session == nullptr) return no_such_session();
  return {};
}

}  // namespace

http::Response Whip::Service::patch(const http::Request& request, sdp::Role role) {
  const Session* session = sessions_.find(request.parameter("room"), request.parameter("session"), role);
  if (auto barred = barrier(options_, request, role, session)) return *std::move(barred);
  if (request.media_type() != kFragmentType) return unsupported_type("Accept-Patch", kFragmentType);
  const auto fragment = sdp::read_ice_fragment(request.body);
  if (!fragment) return malformed(fragment.error());
  const auto endpoint = rooms_.endpoint(session->room, session->id);
  if (!endpoint) return no_such_session();

  const auto expected = request.header("If-Match");
  if (!expected) {
    return http::problem(428, "If-Match is missing: the ETag of the ICE session, or * to restart it");
  }
  if (!if_match(*expected, entity_tag(endpoint->ice_ufrag))) {
    return http::problem(412, "If-Match names an ICE session of the past");
  }
  const bool restarts = !fragment->ice_ufrag.empty() && (fragment->ice_ufrag != endpoint->spec.ice_ufrag ||
                                                         fragment->ice_pwd != endpoint->spec.ice_pwd);
  if (restarts) return restart_ice(*session, *endpoint, *fragment);
  // An ICE-lite agent sends no checks, so the client's candidates are nothing it needs (RFC 8445 section 2.5).
  return {.status = 204};
}

http::Response Whip::Service::restart_ice(const Session& session, const rooms::EndpointView& endpoint,
                                          const sdp::IceFragment& fragment) {
  rooms::EndpointSpec spec = endpoint.spec;
  spec.tracks.reset();
  spec.ice_ufrag = fragment.ice_ufrag;
  spec.ice_pwd = fragment.ice_pwd;
  const auto restarted = rooms_.apply(rooms::PutEndpoint{session.room, session.id, std::move(spec)});
  if (!restarted) return refused(restarted.error());
  const auto now = rooms_.endpoint(session.room, session.id);
  if (!now) return no_such_session();
  http::Response response{.status = 200,
                          .content_type = std::string(kFragmentType),
                          .body = sdp::write_ice_fragment(session.tagged, local_transport(*now))};
  response.headers.add("ETag", entity_tag(now->ice_ufrag));
  return response;
}

http::Response Whip::Service::end(const http::Request& request, sdp::Role role) {
  const Session* session = sessions_.find(request.parameter("room"), request.parameter("session"), role);
  if (auto barred = barrier(options_, request, role, session)) return *std::move(barred);
  const auto deleted = rooms_.apply(rooms::DeleteEndpoint{session->room, session->id});  // `session` goes with it
  return deleted ? http::Response{.status = 200} : refused(deleted.error());
}

}  // namespace penstock::control::whip

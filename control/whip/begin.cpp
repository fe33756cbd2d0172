// POST: an offer becomes an endpoint of the model, and the answer tells of it.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "control/http/problem.h"
#include "control/rooms/random.h"
#include "control/sdp/answer.h"
#include "control/sdp/write.h"
#include "control/whip/answers.h"
#include "control/whip/authorization.h"
#include "control/whip/entity_tag.h"
#include "control/whip/service.h"

namespace penstock::control::whip {
namespace {

std::string_view name(sdp::Role role) {
  return role == sdp::Role::publisher ? "whip" : "whep";
}

/// 130 random bits behind what tells people where it is from: knowing it is the right to end it.
std::string random_id(sdp::Role role) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<std::uint8_t, 26> random;
  rooms::fill_random(random);
  std::string id = std::string(name(role)) + '-';
  for (const std::uint8_t byte : random) id += kLetters[byte % kLetters.size()];
  return id;
}

/// RFC 8288 section 3: a quoted string.
std::string quoted(std::string_view text) {
  std::string value = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') value += '\\';
    value += c;
  }
  return value + '"';
}

std::string link(const IceServer& server) {
  std::string value = fmt::format("<{}>; rel=\"ice-server\"", server.url);
  if (server.user_name.empty()) return value;
  return value + fmt::format("; username={}; credential={}; credential-type=\"password\"", quoted(server.user_name),
                             quoted(server.credential));
}

http::Response draining() {
  http::Response response = http::problem(503, "this relay is being taken out of service: begin the call at another");
  response.headers.set("Retry-After", "60");
  return response;
}

}  // namespace

http::Response Whip::Service::begin(const http::Request& request, sdp::Role role) {
  Call call;
  call.room = request.parameter("room");
  if (!rooms::valid_id(call.room)) return http::problem(404, "a room's id is 1 to 64 letters, digits and - . _ ~");
  if (auto refused = refusal(options_, request, call.room, role)) return *std::move(refused);
  if (options_.accepting && !options_.accepting()) return draining();
  if (request.media_type() != kSdpType) return unsupported_type("Accept-Post", kSdpType);
  auto offer = sdp::read_offer(request.body);
  if (!offer) return malformed(offer.error());
  auto negotiated = sdp::negotiate(*offer, role);
  if (!negotiated) return unprocessable(negotiated.error());
  call.id = random_id(role);
  call.offer = *std::move(offer);
  call.negotiated = *std::move(negotiated);
  return role == sdp::Role::publisher ? publish(request, std::move(call)) : play(request, std::move(call));
}

http::Response Whip::Service::publish(const http::Request& request, Call call) {
  rooms::EndpointSpec spec = endpoint_spec(call.negotiated);
  spec.tracks.emplace();
  for (auto& track : track_specs(call.offer, call.negotiated)) {
    spec.tracks->emplace_back(std::move(track.id), std::move(track.spec));
  }
  const auto made = create(call, std::move(spec), {});
  return made ? created(request, call, {}) : refused(made.error());
}

http::Response Whip::Service::play(const http::Request& request, Call call) {
  auto subscriptions = subscription_specs(call.offer, call.negotiated);
  std::vector<rooms::Step> steps;
  std::vector<Follower> followers;
  for (auto& subscription : subscriptions) {
    const Taste taste{subscription.spec.kind, codec_of(subscription.spec.codecs),
                      request.query_parameter("endpoint").value_or("")};
    subscription.spec.track = following_.choose(call.room, taste);
    followers.push_back({subscription.id, taste, subscription.spec.track});
    steps.push_back({rooms::PutSubscription{call.room, call.id, subscription.id, std::move(subscription.spec)}});
  }
  const auto made = create(call, endpoint_spec(call.negotiated), std::move(steps));
  if (!made) return refused(made.error());

  following_.add(call.room, call.id, std::move(followers));
  std::vector<std::optional<sdp::Sending>> sending(call.offer.sections.size());
  for (const auto& subscription : subscriptions) {
    const auto view = rooms_.subscription(call.room, call.id, subscription.id);
    if (!view) return refused(view.error());
    // One MediaStream for all (draft-ietf-wish-whep, "Single MediaStream").
    sending[subscription.section] = {
        view->spec.ssrc.value_or(0), view->spec.rtx_ssrc.value_or(0), {call.room, subscription.id}};
  }
  return created(request, call, std::move(sending));
}

tl::expected<std::vector<rooms::Outcome>, rooms::Error> Whip::Service::create(const Call& call,
                                                                              rooms::EndpointSpec spec,
                                                                              std::vector<rooms::Step> more) {
  const bool new_room = !rooms_.room(call.room).has_value();
  std::vector<rooms::Step> steps;
  if (new_room) steps.push_back({rooms::PutRoom{call.room, Sessions::room_spec()}});
  steps.push_back({rooms::PutEndpoint{call.room, call.id, std::move(spec)}});
  std::ranges::move(more, std::back_inserter(steps));
  auto outcomes = rooms_.apply(steps);
  if (!outcomes) return tl::unexpected(std::move(outcomes.error().error));
  if (new_room) sessions_.made_room(call.room);
  return *std::move(outcomes);
}

http::Response Whip::Service::created(const http::Request& request, const Call& call,
                                      std::vector<std::optional<sdp::Sending>> sending) {
  const auto endpoint = rooms_.endpoint(call.room, call.id);
  if (!endpoint) return refused(endpoint.error());
  const sdp::Role role = call.negotiated.role;
  sessions_.add({call.id, call.room, role, options_.without_tokens ? "" : std::string(*request.bearer_token()),
                 sdp::tagged_line(call.offer, call.negotiated)});

  constexpr std::uint64_t kMostSessionId = INT64_MAX;  // RFC 9429 section 5.2.1
  const sdp::Description answer = sdp::make_answer(
      call.offer, call.negotiated,
      {rooms::random_number() & kMostSessionId, local_transport(*endpoint), endpoint->cname, std::move(sending)});
  http::Response response{.status = 201, .content_type = std::string(kSdpType), .body = sdp::write(answer)};
  response.headers.add("Location", fmt::format("/{}/{}/{}", name(role), call.room, call.id));
  response.headers.add("ETag", entity_tag(endpoint->ice_ufrag));
  response.headers.add("Accept-Patch", std::string(kFragmentType));
  if (!options_.ice_servers) return response;
  for (const IceServer& server : options_.ice_servers(random_id(role))) response.headers.add("Link", link(server));
  return response;
}

}  // namespace penstock::control::whip

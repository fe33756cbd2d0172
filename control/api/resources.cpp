#include "control/api/resources.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/api/specs.h"
#include "control/http/path_pattern.h"

namespace penstock::control::api {
namespace {

constexpr std::array<std::string_view, 6> kPatterns = {
    "/v1/rooms/{room}",
    "/v1/rooms/{room}/lease",
    "/v1/rooms/{room}/endpoints/{endpoint}",
    "/v1/rooms/{room}/endpoints/{endpoint}/tracks/{track}",
    "/v1/rooms/{room}/endpoints/{endpoint}/tracks/{track}/keyframe",
    "/v1/rooms/{room}/endpoints/{endpoint}/subscriptions/{subscription}",
};

using Result = tl::expected<rooms::Change, Fault>;

/// What a path names; the order of the patterns' parameters is room, endpoint, track or subscription.
struct Names {
  explicit Names(const http::PathParameters& p)
      : room(p.at(0).second), endpoint(p.size() > 1 ? p[1].second : ""), last(p.size() > 2 ? p[2].second : "") {}
  std::string room, endpoint, last;
};

Result room_change(std::string_view method, const Names& names, const Json& body, const std::string& pointer) {
  if (method == "DELETE") return rooms::DeleteRoom{names.room};
  return room_spec(body, pointer).map([&](auto&& spec) -> rooms::Change {
    return rooms::PutRoom{names.room, std::move(spec)};
  });
}

Result endpoint_change(std::string_view method, const Names& names, const Json& body, const std::string& pointer) {
  if (method == "DELETE") return rooms::DeleteEndpoint{names.room, names.endpoint};
  if (method == "PATCH") {
    return endpoint_patch(body, pointer).map([&](auto&& patch) -> rooms::Change {
      return rooms::PatchEndpoint{names.room, names.endpoint, std::move(patch)};
    });
  }
  return endpoint_spec(body, pointer).map([&](auto&& spec) -> rooms::Change {
    return rooms::PutEndpoint{names.room, names.endpoint, std::move(spec)};
  });
}

Result track_change(std::string_view method, const Names& names, const Json& body, const std::string& pointer) {
  if (method == "DELETE") return rooms::DeleteTrack{names.room, names.endpoint, names.last};
  return track_spec(body, pointer).map([&](auto&& spec) -> rooms::Change {
    return rooms::PutTrack{names.room, names.endpoint, names.last, std::move(spec)};
  });
}

Result subscription_change(std::string_view method, const Names& names, const Json& body, const std::string& pointer) {
  if (method == "DELETE") return rooms::DeleteSubscription{names.room, names.endpoint, names.last};
  if (method == "PATCH") {
    return subscription_patch(body, pointer).map([&](auto&& patch) -> rooms::Change {
      return rooms::PatchSubscription{names.room, names.endpoint, names.last, std::move(patch)};
    });
  }
  return subscription_spec(body, pointer).map([&](auto&& spec) -> rooms::Change {
    return rooms::PutSubscription{names.room, names.endpoint, names.last, std::move(spec)};
  });
}

}  // namespace

std::string_view pattern_of(Resource resource) {
  return kPatterns[static_cast<std::size_t>(resource)];
}

bool takes_body(std::string_view method) {
  return method == "PUT" || method == "PATCH";
}

Result change_of(const Operation& operation, const http::PathParameters& parameters, const Json& body,
                 const std::string& pointer) {
  const Names names(parameters);
  switch (operation.resource) {
    case Resource::room:
      return room_change(operation.method, names, body, pointer);
    case Resource::lease:
      return rooms::RenewLease{names.room};
    case Resource::endpoint:
      return endpoint_change(operation.method, names, body, pointer);
    case Resource::track:
      return track_change(operation.method, names, body, pointer);
    case Resource::key_frame:
      return rooms::RequestKeyFrame{names.room, names.endpoint, names.last};
    case Resource::subscription:
      return subscription_change(operation.method, names, body, pointer);
  }
  return tl::unexpected(Fault{404, "", "there is no such resource"});
}

tl::expected<Match, Fault> match_operation(std::string_view method, std::string_view path) {
  static const std::vector<http::PathPattern> kParsed = [] {
    std::vector<http::PathPattern> patterns;
    for (const std::string_view pattern : kPatterns) patterns.emplace_back(std::string(pattern));
    return patterns;
  }();
  const auto segments = http::split_path(path);
  for (std::size_t i = 0; segments && i < kParsed.size(); ++i) {
    auto parameters = kParsed[i].match(*segments);
    if (!parameters) continue;
    const auto resource = static_cast<Resource>(i);
    const auto* known = std::ranges::find_if(
        kOperations, [&](const Operation& o) { return o.resource == resource && o.method == method; });
    if (known != kOperations.end()) return Match{*known, std::move(*parameters)};
    return tl::unexpected(Fault{405, "/method", fmt::format("{} is not done to {} in a batch", method, path)});
  }
  return tl::unexpected(Fault{404, "/path", fmt::format("nothing at '{}' can be changed", path)});
}

}  // namespace penstock::control::api

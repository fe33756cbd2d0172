#pragma once
// What routes have in common: bodies in, JSON and problems out. Private to control/api.

#include <tl/expected.hpp>

#include "control/api/json.h"
#include "control/api/problems.h"
#include "control/api/views.h"
#include "control/http/message.h"

namespace penstock::control::api {

http::Response json_response(unsigned status, const Json& json);
http::Response refused(const Fault& fault);
http::Response refused(const rooms::Error& error);

/// The body as JSON; a fault for another media type (415) too. null when `optional` and there is none.
tl::expected<Json, Fault> body_of(const http::Request& request, bool optional = false);

/// One page of a list: ?after=ID&limit=N.
struct Page {
  std::string after;
  std::size_t limit = 100;
};
inline constexpr std::size_t kMostPerPage = 500;
tl::expected<Page, Fault> page_of(const http::Request& request);

/// {"NAME": [...], "next": ID or null}: `next` is what to ask for `after` which.
template <class Views>
Json page_json(const char* name, const Views& views, const Page& page) {
  Json json;
  Json& list = json[name] = Json::array();
  for (const auto& view : views) list.push_back(to_json(view));
  json["next"] = views.size() < page.limit ? Json() : Json(views.back().id);
  return json;
}

}  // namespace penstock::control::api

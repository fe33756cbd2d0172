#include "control/api/answers.h"

#include <fmt/format.h>

#include <charconv>

namespace penstock::control::api {

http::Response json_response(unsigned status, const Json& json) {
  return {.status = status, .content_type = "application/json", .body = to_text(json)};
}

http::Response refused(const Fault& fault) {
  return http::to_response(problem_of(fault));
}

http::Response refused(const rooms::Error& error) {
  http::Response response = http::to_response(problem_of(error));
  if (error.kind == rooms::ErrorKind::busy) response.headers.set("Retry-After", "1");
  return response;
}

tl::expected<Json, Fault> body_of(const http::Request& request, bool optional) {
  if (optional && request.body.empty()) return Json();
  // A page of another site cannot make a browser send this type without asking first (CORS).
  const std::string type = request.media_type();
  const bool patch = request.method == "PATCH" && type == "application/merge-patch+json";
  if (type != "application/json" && !patch) {
    return tl::unexpected(Fault{415, "", "the body must be application/json; set Content-Type"});
  }
  return parse(request.body);
}

tl::expected<Page, Fault> page_of(const http::Request& request) {
  Page page{request.query_parameter("after").value_or("")};
  if (const auto limit = request.query_parameter("limit")) {
    const char* end = limit->data() + limit->size();
    const auto [stop, error] = std::from_chars(limit->data(), end, page.limit);
    if (error != std::errc() || stop != end || page.limit == 0 || page.limit > kMostPerPage) {
      return tl::unexpected(Fault{400, "", fmt::format("limit must be 1 to {}", kMostPerPage)});
    }
  }
  return page;
}

}  // namespace penstock::control::api

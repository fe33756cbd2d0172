#include "control/whip/cors.h"

#include <utility>

namespace penstock::control::whip {
namespace {

constexpr const char* kMethods = "POST, PATCH, DELETE, OPTIONS";
constexpr const char* kRequestHeaders = "Authorization, Content-Type, If-Match";
constexpr const char* kResponseHeaders =
    "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate";
constexpr const char* kMaxAge_s = "86400";

}  // namespace

http::Middleware cors(std::string allowed_origin) {
  return [origin = std::move(allowed_origin)](const http::Request& request, const http::Handler& next) {
    http::Response response = next(request);
    response.headers.set("Access-Control-Allow-Origin", origin);
    response.headers.set("Access-Control-Expose-Headers", kResponseHeaders);
    if (origin != "*") response.headers.add("Vary", "Origin");
    if (request.method != "OPTIONS") return response;
    response.headers.set("Access-Control-Allow-Methods", kMethods);
    response.headers.set("Access-Control-Allow-Headers", kRequestHeaders);
    response.headers.set("Access-Control-Max-Age", kMaxAge_s);
    return response;
  };
}

}  // namespace penstock::control::whip

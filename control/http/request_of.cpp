#include "control/http/request_of.h"

namespace penstock::control::http {
namespace {

namespace bhttp = boost::beast::http;

// The absolute form is what a client sends to a proxy; servers take it as well (RFC 9112 section 3.2.2).
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find_first_of("/?", scheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target;
}

}  // namespace

tl::expected<Request, Refusal> request_of(bhttp::request<bhttp::string_body>&& message, Client client) {
  if (message.version() != 10 && message.version() != 11) return tl::unexpected(Refusal{505, "speak HTTP/1.1"});
  if (message.version() == 11 && message.count(bhttp::field::host) != 1) {
    return tl::unexpected(Refusal{400, "exactly one Host field is needed"});
  }
  if (message.count(bhttp::field::expect) > 0 &&
      !boost::beast::iequals(message[bhttp::field::expect], "100-continue")) {
    return tl::unexpected(Refusal{417, "only 100-continue can be expected"});
  }
  const std::string_view target = origin_form({message.target().data(), message.target().size()});
  const auto query = std::min(target.find('?'), target.size());
  Request request{.method = std::string(message.method_string()),
                  .path = std::string(target.substr(0, query)),
                  .query = std::string(target.substr(std::min(query + 1, target.size()))),
                  .client = std::move(client)};
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace penstock::control::http

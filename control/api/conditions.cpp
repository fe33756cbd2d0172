#include "control/api/conditions.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::control::api {
namespace {

// What no object's tag can be, for a weak tag where tags compare strongly.
constexpr std::string_view kNever = "\"";

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

}  // namespace

tl::expected<std::vector<std::string>, Fault> entity_tags(std::string_view field, bool weak) {
  const auto malformed = [&] {
    return tl::unexpected(Fault{400, "", fmt::format("'{}' is no list of entity tags: \"...\", \"...\"", field)});
  };
  std::vector<std::string> tags;
  std::string_view rest = field;
  for (;;) {
    skip_space(rest);
    const bool is_weak = rest.starts_with("W/");
    if (is_weak) rest.remove_prefix(2);
    if (rest.starts_with('*') && !is_weak) {
      tags.emplace_back("*");
      rest.remove_prefix(1);
    } else {
      const auto end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
      if (end == std::string_view::npos) return malformed();
      tags.emplace_back(is_weak && !weak ? kNever : rest.substr(1, end - 1));
      rest.remove_prefix(end + 1);
    }
    skip_space(rest);
    if (rest.empty()) return tags;
    if (!rest.starts_with(',')) return malformed();
    rest.remove_prefix(1);
  }
}

tl::expected<rooms::Precondition, Fault> precondition_of(const http::Request& request) {
  rooms::Precondition precondition;
  if (const auto field = request.header("if-match")) {
    auto tags = entity_tags(*field, false);
    if (!tags) return tl::unexpected(tags.error());
    precondition.if_match = std::move(*tags);
  }
  if (const auto field = request.header("if-none-match")) {
    auto tags = entity_tags(*field, true);
    if (!tags) return tl::unexpected(tags.error());
    precondition.if_none_match = std::move(*tags);
  }
  return precondition;
}

http::Response with_entity_tag(const http::Request& request, http::Response response, std::string_view etag) {
  response.headers.set("ETag", fmt::format("\"{}\"", etag));
  response.headers.set("Cache-Control", "no-cache");
  const auto field = request.header("if-none-match");
  if (!field || (request.method != "GET" && request.method != "HEAD")) return response;
  const auto tags = entity_tags(*field, true);
  const bool known = tags && std::ranges::any_of(*tags, [&](const auto& t) { return t == "*" || t == etag; });
  if (!known) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

}  // namespace penstock::control::api

#include "control/http/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/http/percent.h"

namespace penstock::control::http {
namespace {

using Scheme = Url::Scheme;

constexpr std::pair<std::string_view, Scheme> kSchemes[] = {
    {"http://", Scheme::http}, {"https://", Scheme::https}, {"http+unix://", Scheme::http_unix}};

std::string_view own_port(Scheme scheme) {
  return scheme == Scheme::http ? "80" : scheme == Scheme::https ? "443" : "";
}

void split_authority(std::string_view authority, Url& url) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    url.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  url.host = authority;
}

}  // namespace

std::string Url::authority() const {
  if (scheme == Scheme::http_unix) return "localhost";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == own_port(scheme) ? name : name + ":" + port;
}

tl::expected<Url, std::string> parse_url(std::string_view text) {
  const auto refused = [&] { return tl::unexpected(fmt::format("'{}' is not an http:// address", text)); };
  const auto* known = std::ranges::find_if(kSchemes, [&](const auto& s) { return text.starts_with(s.first); });
  if (known == std::end(kSchemes)) return refused();
  const std::string_view rest = text.substr(known->first.size());
  const auto path = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, path);
  Url url{known->second, "", std::string(own_port(known->second)), std::string(rest.substr(path))};
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (url.scheme == Scheme::http_unix) {
    url.host = percent_decode(authority).value_or("");
  } else {
    split_authority(authority, url);
    if (url.port.empty()) return refused();
  }
  if (url.host.empty()) return refused();
  return url;
}

}  // namespace penstock::control::http

#include "control/http/message.h"

#include <algorithm>

#include "control/http/percent.h"

namespace penstock::control::http {

const std::string& Request::parameter(std::string_view name) const {
  static const std::string kNone;
  const auto found = std::ranges::find(parameters, name, [](const auto& p) { return std::string_view(p.first); });
  return found == parameters.end() ? kNone : found->second;
}

std::optional<std::string> Request::query_parameter(std::string_view name) const {
  for (std::string_view rest = query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (percent_decode(pair.substr(0, equals)) != name) continue;
    std::string value(pair.substr(std::min(equals + 1, pair.size())));
    std::ranges::replace(value, '+', ' ');
    return percent_decode(value);
  }
  return std::nullopt;
}

std::string Request::media_type() const {
  std::string type(header("content-type").value_or(""));
  type.resize(std::min(type.find(';'), type.size()));
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t'; });
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return type;
}

std::optional<std::string_view> Request::bearer_token() const {
  constexpr std::string_view kScheme = "Bearer ";
  const auto value = header("authorization");
  if (!value || !equal_ignoring_case(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const std::string_view token = value->substr(kScheme.size());
  const auto first = token.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  return token.substr(first);
}

}  // namespace penstock::control::http

#include "control/ctl/rooms_api.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>

#include "control/http/client.h"

namespace penstock::control::ctl {
namespace {

constexpr std::chrono::seconds kTimeout{5};

std::string base_of(const ApiAddress& api) {
  if (api.url.starts_with('/')) return http::unix_url(api.url);
  std::string url = api.url.find("://") == std::string::npos ? "http://" + api.url : api.url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string token_of(const ApiAddress& api) {
  if (!api.token.empty()) return api.token;
  const char* text = std::getenv("PENSTOCK_TOKEN");
  return text == nullptr ? "" : text;
}

// What a problem's body says, or the status alone.
std::string refusal(const std::string& url, const http::Response& answer) {
  const Json body = Json::parse(answer.body, nullptr, false);
  const std::string detail = body.is_object() ? body.value("detail", "") : "";
  return fmt::format("{} answers {}{}{}", url, answer.status, detail.empty() ? "" : ": ", detail);
}

}  // namespace

tl::expected<Json, std::string> ask(const ApiAddress& api, const std::string& path) {
  const std::string url = base_of(api) + path;
  http::Call call;
  call.url = url;
  call.bearer_token = token_of(api);
  const auto answer = http::send(call, kTimeout);
  if (!answer) {
    return tl::unexpected(answer.error() + "; is penstockd running with --http, and is this where it listens (--api)?");
  }
  if (answer->status != 200) return tl::unexpected(refusal(url, *answer));
  Json json = Json::parse(answer->body, nullptr, false);
  if (!json.is_object()) return tl::unexpected(fmt::format("{} answers what is no JSON object", url));
  return json;
}

tl::expected<Json, std::string> ask_all(const ApiAddress& api, const std::string& path, const char* key) {
  Json all = Json::array();
  std::string after;
  while (true) {
    auto page = ask(api, after.empty() ? path : fmt::format("{}?after={}", path, segment(after)));
    if (!page) return page;
    const auto list = page->find(key);
    if (list == page->end() || !list->is_array()) return tl::unexpected(fmt::format("{} names no {}", path, key));
    for (const Json& entry : *list) all.push_back(entry);
    const auto next = page->find("next");
    if (next == page->end() || !next->is_string() || *next == after) return all;
    after = next->get<std::string>();
  }
}

std::string segment(std::string_view id) {
  std::string out;
  for (const char c : id) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("._~-").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace penstock::control::ctl

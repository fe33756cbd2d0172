#include "control/http/router.h"

#include <exception>

namespace penstock::control::http {

void Router::add(std::string method, std::string path, Handler handler) {
  paths_[std::move(path)][std::move(method)] = std::move(handler);
}

Response Router::answer(const Request& request) const {
  const auto path = paths_.find(request.path);
  if (path == paths_.end()) return {.status = 404, .body = "no such page\n"};
  const auto method = path->second.find(request.method == "HEAD" ? "GET" : request.method);
  if (method == path->second.end()) {
    std::string allowed;
    for (const auto& [name, handler] : path->second) {
      allowed += (allowed.empty() ? "" : ", ") + (name == "GET" ? std::string("GET, HEAD") : name);
    }
    return {.status = 405, .body = "not that way\n", .headers = {{"Allow", allowed}}};
  }
  try {
    return method->second(request);
  } catch (const std::exception& error) {
    return {.status = 500, .body = std::string(error.what()) + "\n"};
  }
}

}  // namespace penstock::control::http

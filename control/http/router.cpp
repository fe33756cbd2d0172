#include "control/http/router.h"

#include <algorithm>
#include <exception>

#include "control/http/problem.h"

namespace penstock::control::http {
namespace {

// RFC 9110 section 9: what is listed under Allow is what the target does, HEAD and OPTIONS included.
std::string allowed(const std::map<std::string, Handler, std::less<>>& methods) {
  std::string list;
  for (const auto& [name, handler] : methods) list += name + (name == "GET" ? ", HEAD, " : ", ");
  return methods.contains("OPTIONS") ? list.substr(0, list.size() - 2) : list + "OPTIONS";
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
  const auto same = std::ranges::find(paths_, pattern, [](const Path& p) { return p.pattern.text(); });
  if (same != paths_.end()) {
    same->methods[std::move(method)] = std::move(handler);
    return;
  }
  Path path{PathPattern(std::move(pattern)), {}};
  path.methods[std::move(method)] = std::move(handler);
  const auto before = std::ranges::upper_bound(paths_, path.pattern, std::less<>(), &Path::pattern);
  paths_.insert(before, std::move(path));
}

void Router::use(Middleware middleware) {
  middleware_.push_back(std::move(middleware));
}

void Router::mount(std::string prefix, Router router) {
  mounts_.push_back({std::move(prefix), std::move(router)});
  std::ranges::sort(mounts_, std::greater<>(), [](const Mounted& m) { return m.prefix.size(); });
}

Response Router::answer(Request request) const {
  try {
    return through(request, 0);
  } catch (const std::exception& error) {
    if (failed_) failed_(request, error.what());
  } catch (...) {
    if (failed_) failed_(request, "something that is no exception was thrown");
  }
  return problem(500, "the request failed inside the server; its log says why");
}

Response Router::through(const Request& request, std::size_t next) const {
  if (next == middleware_.size()) return dispatch(request);
  return middleware_[next](request, [this, next](const Request& passed) { return through(passed, next + 1); });
}

Response Router::dispatch(const Request& request) const {
  if (const Router* router = mounted_for(request.path)) return router->through(request, 0);
  const auto segments = split_path(request.path);
  if (!segments) return problem(400, "the path is badly encoded, too long or too deep");
  for (const Path& path : paths_) {
    auto parameters = path.pattern.match(*segments);
    if (!parameters) continue;
    const auto method = path.methods.find(request.method == "HEAD" ? "GET" : request.method);
    if (method != path.methods.end()) {
      Request matched = request;
      matched.parameters = std::move(*parameters);
      return method->second(matched);
    }
    Response refusal = request.method == "OPTIONS"
                           ? Response{.status = 204}
                           : problem(405, "this resource does not do " + request.method + "; Allow says what it does");
    refusal.headers.set("Allow", allowed(path.methods));
    return refusal;
  }
  return problem(404, "there is nothing at this path");
}

const Router* Router::mounted_for(std::string_view path) const {
  const auto found = std::ranges::find_if(mounts_, [&](const Mounted& m) {
    return path.starts_with(m.prefix) && (path.size() == m.prefix.size() || path[m.prefix.size()] == '/');
  });
  return found == mounts_.end() ? nullptr : &found->router;
}

std::vector<Router::Route> Router::routes() const {
  std::vector<Route> routes;
  for (const Path& path : paths_) {
    for (const auto& [method, handler] : path.methods) routes.push_back({method, path.pattern.text()});
  }
  for (const Mounted& m : mounts_) {
    const auto below = m.router.routes();
    routes.insert(routes.end(), below.begin(), below.end());
  }
  std::ranges::sort(routes);
  return routes;
}

}  // namespace penstock::control::http

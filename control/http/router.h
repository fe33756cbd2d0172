#pragma once
// Which handler answers which path.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/http/message.h"
#include "control/http/path_pattern.h"

namespace penstock::control::http {

/// Runs on the control thread and must not block.
using Handler = std::function<Response(const Request&)>;
/// Around handlers: answers itself (a 401), or calls `next` and may add to what comes back (CORS headers).
using Middleware = std::function<Response(const Request&, const Handler& next)>;

class Router {
 public:
  struct Route {
    std::string method;
    std::string pattern;
    friend auto operator<=>(const Route&, const Route&) = default;
  };

  /// `pattern`: "/rooms/{room}", see PathPattern. A HEAD is answered by the handler of GET, an OPTIONS by the router
  /// (204 with Allow) unless a handler is added.
  void add(std::string method, std::string pattern, Handler handler);
  /// Around every answer of this router, its 404, 405 and 204 and mounted routers included. The first one used is the
  /// outermost.
  void use(Middleware middleware);
  /// Paths equal to `prefix` or below it ("/v1", "/v1/rooms") belong to `router`, whose patterns are whole paths. The
  /// longest prefix wins.
  void mount(std::string prefix, Router router);
  /// Told when a handler throws (an exception of a library that nobody caught): what it said. The client gets a 500.
  void on_failure(std::function<void(const Request&, std::string_view what)> told) { failed_ = std::move(told); }

  /// 400 for a path that is badly encoded, 404 for an unknown one, 405 with Allow for another method, 500 when a
  /// handler throws. Never throws itself.
  Response answer(Request request) const;

  /// All of them, those of mounted routers included, sorted. HEAD and OPTIONS are not listed unless added.
  std::vector<Route> routes() const;

 private:
  struct Path {
    PathPattern pattern;
    std::map<std::string, Handler, std::less<>> methods;
  };
  struct Mounted;

  Response through(const Request& request, std::size_t next) const;
  Response dispatch(const Request& request) const;
  const Router* mounted_for(std::string_view path) const;

  std::vector<Path> paths_;  // sorted by pattern
  std::vector<Middleware> middleware_;
  std::vector<Mounted> mounts_;
  std::function<void(const Request&, std::string_view)> failed_;
};

/// A mounted router and where.
struct Router::Mounted {
  std::string prefix;
  Router router;
};

}  // namespace penstock::control::http

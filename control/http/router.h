#pragma once
// Which handler answers which path.

#include <functional>
#include <map>
#include <string>

#include "control/http/message.h"

namespace penstock::control::http {

/// Runs on the control thread and must not block.
using Handler = std::function<Response(const Request&)>;

class Router {
 public:
  /// A HEAD is answered by the handler of GET.
  void add(std::string method, std::string path, Handler handler);

  /// 404 for an unknown path, 405 with Allow for a known one, 500 when a handler throws.
  Response answer(const Request& request) const;

 private:
  using ByMethod = std::map<std::string, Handler, std::less<>>;
  std::map<std::string, ByMethod, std::less<>> paths_;
};

}  // namespace penstock::control::http

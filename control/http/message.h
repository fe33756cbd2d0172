#pragma once
// What handlers see of HTTP.

#include <string>
#include <utility>
#include <vector>

namespace penstock::control::http {

struct Request {
  std::string method;  ///< "GET", ...
  std::string path;    ///< without the query, as sent
  std::string query;   ///< behind the '?', may be empty
  std::string body{};
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

}  // namespace penstock::control::http

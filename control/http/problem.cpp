#include "control/http/problem.h"

#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

namespace penstock::control::http {

std::string_view reason_phrase(unsigned status) {
  const auto phrase = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {phrase.data(), phrase.size()};
}

Response to_response(const Problem& problem) {
  nlohmann::ordered_json json = {
      {"type", problem.type},
      {"title", problem.title.empty() ? std::string(reason_phrase(problem.status)) : problem.title},
      {"status", problem.status}};
  if (!problem.detail.empty()) json["detail"] = problem.detail;
  if (!problem.field.empty()) json["field"] = problem.field;
  // Details quote what clients sent, which may be no UTF-8.
  return {.status = problem.status,
          .content_type = "application/problem+json",
          .body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

}  // namespace penstock::control::http

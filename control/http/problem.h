#pragma once
// Errors as RFC 9457 problem details: the one place that makes them.

#include <string>
#include <string_view>

#include "control/http/message.h"

namespace penstock::control::http {

struct Problem {
  unsigned status = 400;
  std::string detail{};              ///< a sentence: what is wrong, and what to do
  std::string field{};               ///< JSON pointer (RFC 6901) into the request's body; empty: not about a field
  std::string type = "about:blank";  ///< a URI that names the kind of problem
  std::string title{};               ///< empty: the reason phrase of `status`
};

/// {"type","title","status","detail"} and "field" where there is one, as application/problem+json.
Response to_response(const Problem& problem);
inline Response problem(unsigned status, std::string detail, std::string field = {}) {
  return to_response({.status = status, .detail = std::move(detail), .field = std::move(field)});
}

/// "Not Found" for 404; "Unknown Status" for what RFC 9110 does not name.
std::string_view reason_phrase(unsigned status);

}  // namespace penstock::control::http

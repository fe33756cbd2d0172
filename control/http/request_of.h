#pragma once
// From what Beast parsed to what handlers see. Private to control/http.

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <tl/expected.hpp>

#include "control/http/message.h"

namespace penstock::control::http {

struct Refusal {
  unsigned status;
  std::string detail;
};

/// Refused: what RFC 9112 section 3.2 and RFC 9110 section 10.1.1 tell a server to refuse.
tl::expected<Request, Refusal> request_of(boost::beast::http::request<boost::beast::http::string_body>&& message,
                                          Client client);

}  // namespace penstock::control::http

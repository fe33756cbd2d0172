#include "control/whip/answers.h"

#include "control/http/problem.h"

namespace penstock::control::whip {
namespace {

struct Meaning {
  unsigned status;
  const char* retry_after_s;  ///< nullptr: trying again will not help
};

Meaning meaning(rooms::ErrorKind kind) {
  switch (kind) {
    case rooms::ErrorKind::not_found:
      return {404, nullptr};
    case rooms::ErrorKind::conflict:
      return {409, nullptr};
    case rooms::ErrorKind::precondition_failed:
      return {412, nullptr};
    case rooms::ErrorKind::limit:  // RFC 9725 section 4.5: high load
      return {503, "10"};
    case rooms::ErrorKind::busy:
      return {503, "1"};
    case rooms::ErrorKind::invalid:
    case rooms::ErrorKind::count_:
      break;
  }
  return {422, nullptr};
}

}  // namespace

http::Response malformed(const sdp::Error& error) {
  return http::problem(400, "the body is not readable: " + to_string(error));
}

http::Response unprocessable(const sdp::Error& error) {
  return http::problem(422, "the offer cannot be answered: " + to_string(error));
}

http::Response unsupported_type(std::string_view accept_header, std::string_view type) {
  http::Response response = http::problem(415, "the Content-Type has to be " + std::string(type));
  response.headers.add(std::string(accept_header), std::string(type));
  return response;
}

http::Response refused(const rooms::Error& error) {
  const Meaning answer = meaning(error.kind);
  http::Response response = http::problem(answer.status, error.sentence);
  if (answer.retry_after_s != nullptr) response.headers.add("Retry-After", answer.retry_after_s);
  return response;
}

http::Response no_such_session() {
  return http::problem(404, "there is no such session, or not any more");
}

}  // namespace penstock::control::whip

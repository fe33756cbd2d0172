// Any bytes at any route of the API. Nothing crashes, nothing is answered with a 5xx, and what is refused has changed
// nothing. A run is a session: requests are divided by lines of their own, so that later ones meet what earlier ones
// made.
//   METHOD PATH        then the body, up to a line that is "---"

#include <cstdint>
#include <string_view>

#include "tests/control/api_bench.h"
#include "tests/fuzz/require.h"

namespace {

using namespace penstock::control;

constexpr std::string_view kDivider = "\n---\n";
constexpr int kMostRequests = 32;

http::Request request_of(std::string_view text) {
  const auto line_end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, line_end);
  const auto space = std::min(line.find(' '), line.size());
  http::Request request = api::ApiBench::request(std::string(line.substr(0, space)),
                                                 std::string(line.substr(std::min(space + 1, line.size()))),
                                                 std::string(text.substr(std::min(line_end + 1, text.size()))));
  // A precondition may ride on the method: PUT*"tag".
  if (const auto star = request.method.find('*'); star != std::string::npos) {
    request.headers.set("If-Match", request.method.substr(star + 1));
    request.method.resize(star);
  }
  return request;
}

void one(api::ApiBench& bench, const http::Request& request) {
  const std::string before = bench.model->digest();
  const std::uint64_t events = bench.model->events().latest();
  const std::size_t posted = bench.workers.posted;
  const http::Response response = bench.router.answer(request);
  // Draining, or places that are just being given back, are no failures.
  const bool not_now =
      response.status == 503 && (request.path == "/readyz" || response.headers.contains("Retry-After"));
  REQUIRE(response.status >= 200 && (response.status < 500 || not_now));
  if (response.content_type.find("json") != std::string::npos && !response.body.empty()) {
    REQUIRE(api::Json::accept(response.body));
  }
  const bool reads = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  if (response.status < 300 && !reads) return;
  REQUIRE(bench.model->digest() == before);
  REQUIRE(bench.model->events().latest() == events);
  REQUIRE(bench.workers.posted == posted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  api::ApiBench bench;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i < kMostRequests && !rest.empty(); ++i) {
    const auto end = std::min(rest.find(kDivider), rest.size());
    one(bench, request_of(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + kDivider.size(), rest.size()));
    bench.model->tick();
  }
  return 0;
}

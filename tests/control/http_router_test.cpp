// Paths, parameters, middleware, and the answers that the router gives by itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "control/http/event_stream.h"
#include "control/http/percent.h"
#include "control/http/problem.h"
#include "control/http/router.h"

namespace penstock::control::http {
namespace {

using testing::HasSubstr;

Request ask(std::string method, std::string path) {
  return {.method = std::move(method), .path = std::move(path), .query = ""};
}

Handler says(std::string text) {
  return [text](const Request& r) {
    Response response{.body = text};
    for (const auto& [name, value] : r.parameters) response.body += " " + name + "=" + value;
    return response;
  };
}

Router rooms() {
  Router router;
  router.add("GET", "/rooms/{room}", says("room"));
  router.add("PUT", "/rooms/{room}", says("put"));
  router.add("GET", "/rooms/lobby", says("lobby"));
  router.add("GET", "/rooms/{room}/endpoints/{endpoint}", says("endpoint"));
  router.add("GET", "/", says("root"));
  return router;
}

struct Path {
  const char* path;
  unsigned status;
  const char* body;
};

TEST(Router, FindsTheHandlerByPattern) {
  const Path table[] = {
      {"/", 200, "root"},
      {"/rooms/blue", 200, "room room=blue"},
      {"/rooms/lobby", 200, "lobby"},
      {"/rooms/blue/endpoints/a%2Fb%20c", 200, "endpoint room=blue endpoint=a/b c"},
      {"/rooms/%C3%BC", 200, "room room=\xc3\xbc"},
      {"/rooms/..", 200, "room room=.."},
      {"/rooms", 404, nullptr},
      {"/rooms/", 404, nullptr},
      {"/rooms/blue/", 404, nullptr},
      {"/rooms//endpoints/a", 404, nullptr},
      {"/rooms/a%", 400, nullptr},
      {"/rooms/a%2", 400, nullptr},
      {"/rooms/a%zz", 400, nullptr},
      {"/rooms/a%00b", 400, nullptr},
      {"/rooms/a%0d%0ab", 400, nullptr},
      {"", 400, nullptr},
      {"*", 400, nullptr},
      {"rooms", 400, nullptr},
  };
  const Router router = rooms();
  for (const Path& row : table) {
    const Response response = router.answer(ask("GET", row.path));
    EXPECT_EQ(response.status, row.status) << row.path;
    EXPECT_EQ(response.content_type == "application/problem+json", row.status != 200) << row.path;
    EXPECT_TRUE(row.body == nullptr || response.body == row.body) << row.path << ": " << response.body;
  }
}

TEST(Router, BoundsSegmentsAndDepth) {
  const Router router = rooms();
  EXPECT_EQ(router.answer(ask("GET", "/rooms/" + std::string(kMaxSegmentBytes, 'a'))).status, 200U);
  EXPECT_EQ(router.answer(ask("GET", "/rooms/" + std::string(kMaxSegmentBytes + 1, 'a'))).status, 400U);
  std::string deep;
  for (std::size_t i = 0; i <= kMaxSegments; ++i) deep += "/a";
  EXPECT_EQ(router.answer(ask("GET", deep)).status, 400U);
}

TEST(Router, SaysWhichMethodsThereAre) {
  const Router router = rooms();
  const Response refused = router.answer(ask("DELETE", "/rooms/blue"));
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.headers.find("allow"), "GET, HEAD, PUT, OPTIONS");
  const Response options = router.answer(ask("OPTIONS", "/rooms/blue"));
  EXPECT_EQ(options.status, 204U);
  EXPECT_EQ(options.headers.find("allow"), "GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(router.answer(ask("HEAD", "/rooms/blue")).status, 200U);
  EXPECT_EQ(router.answer(ask("OPTIONS", "/nowhere")).status, 404U);
}

TEST(Router, MiddlewareIsAroundEverything) {
  Router router = rooms();
  router.use([](const Request& r, const Handler& next) {
    Response response = next(r);
    response.headers.set("X-Outer", "yes");
    return response;
  });
  router.use([](const Request& r, const Handler& next) {
    return r.bearer_token() == "right" ? next(r) : problem(401, "a token is needed");
  });
  Request request = ask("GET", "/nowhere");
  EXPECT_EQ(router.answer(request).status, 401U);
  EXPECT_EQ(router.answer(request).headers.find("X-Outer"), "yes");
  request.headers.add("authorization", "bearer right");
  EXPECT_EQ(router.answer(request).status, 404U);
  EXPECT_EQ(router.answer(request).headers.find("X-Outer"), "yes");
}

TEST(Router, MountsOthersBelowAPrefix) {
  Router api;
  api.add("GET", "/v1/rooms", says("rooms"));
  api.use([](const Request& r, const Handler& next) {
    Response response = next(r);
    response.headers.set("X-Api", "yes");
    return response;
  });
  Router deeper;
  deeper.add("GET", "/v1/turn/allocations", says("allocations"));
  Router router = rooms();
  router.mount("/v1", std::move(api));
  router.mount("/v1/turn", std::move(deeper));
  EXPECT_EQ(router.answer(ask("GET", "/v1/rooms")).body, "rooms");
  EXPECT_EQ(router.answer(ask("GET", "/v1/nowhere")).headers.find("X-Api"), "yes");
  EXPECT_EQ(router.answer(ask("GET", "/v1/turn/allocations")).body, "allocations");
  EXPECT_FALSE(router.answer(ask("GET", "/v10")).headers.contains("X-Api"));
  EXPECT_EQ(router.answer(ask("GET", "/rooms/a")).body, "room room=a");
  EXPECT_THAT(router.routes(),
              testing::ElementsAre(Router::Route{"GET", "/"}, Router::Route{"GET", "/rooms/lobby"},
                                   Router::Route{"GET", "/rooms/{room}"},
                                   Router::Route{"GET", "/rooms/{room}/endpoints/{endpoint}"},
                                   Router::Route{"GET", "/v1/rooms"}, Router::Route{"GET", "/v1/turn/allocations"},
                                   Router::Route{"PUT", "/rooms/{room}"}));
}

TEST(Router, AnExceptionIsA500AndReported) {
  Router router;
  std::string reported;
  router.add("GET", "/throws", [](const Request&) -> Response { throw std::runtime_error("secret"); });
  router.add("GET", "/odd", [](const Request&) -> Response { throw 3; });
  router.on_failure([&](const Request& r, std::string_view what) { reported = r.path + " " + std::string(what); });
  const Response response = router.answer(ask("GET", "/throws"));
  EXPECT_EQ(response.status, 500U);
  EXPECT_THAT(response.body, testing::Not(HasSubstr("secret")));
  EXPECT_EQ(reported, "/throws secret");
  EXPECT_EQ(router.answer(ask("GET", "/odd")).status, 500U);
}

TEST(Request, ReadsItsQueryAndHeaders) {
  Request request{.method = "GET", .path = "/", .query = "a=1&b=x%20y+z&a=2&empty&bad=%zz&%63=c&=nameless"};
  EXPECT_EQ(request.query_parameter("a"), "1");
  EXPECT_EQ(request.query_parameter("b"), "x y z");
  EXPECT_EQ(request.query_parameter("empty"), "");
  EXPECT_EQ(request.query_parameter("c"), "c");
  EXPECT_EQ(request.query_parameter("bad"), std::nullopt);
  EXPECT_EQ(request.query_parameter("none"), std::nullopt);
  request.headers = {{"Content-Type", "Application/JSON; charset=utf-8"}, {"Authorization", "Bearer  t.o-k"}};
  EXPECT_EQ(request.media_type(), "application/json");
  EXPECT_EQ(request.bearer_token(), "t.o-k");
  request.headers.set("AUTHORIZATION", "Basic abc");
  EXPECT_EQ(request.bearer_token(), std::nullopt);
  request.headers.set("authorization", "Bearer");
  EXPECT_EQ(request.bearer_token(), std::nullopt);
}

TEST(Headers, AreFoundWhateverTheirCase) {
  Headers headers{{"Vary", "Origin"}, {"VARY", " accept , x"}};
  EXPECT_EQ(headers.find("vary"), "Origin");
  EXPECT_TRUE(headers.has_token("Vary", "ACCEPT"));
  EXPECT_FALSE(headers.has_token("Vary", "acc"));
  headers.set("vary", "*");
  EXPECT_EQ(std::distance(headers.begin(), headers.end()), 1);
}

TEST(Percent, RoundTripsAndRefuses) {
  EXPECT_EQ(percent_encode("a/b c-._~\xff"), "a%2Fb%20c-._~%FF");
  EXPECT_EQ(percent_decode(percent_encode("a/b %\xff")), "a/b %\xff");
  for (const char* bad : {"%", "%1", "%g0", "%00", "%7f", "a\nb"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Problem, IsJsonWhateverTheDetailQuotes) {
  const Response response = problem(422, "no codec '\xff\"'", "/codecs/0");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["status"], 422);
  EXPECT_EQ(json["title"], "Unprocessable Entity");
  EXPECT_EQ(json["type"], "about:blank");
  EXPECT_EQ(json["field"], "/codecs/0");
  EXPECT_FALSE(nlohmann::json::parse(problem(400, "no").body).contains("field"));
}

TEST(Event, GoesOverTheWireLineByLine) {
  EXPECT_EQ(to_wire({.data = "a"}), "data: a\n\n");
  EXPECT_EQ(to_wire({.type = "t", .data = "a\nb\r\nc\r", .id = "7"}),
            "id: 7\nevent: t\ndata: a\ndata: b\ndata: c\ndata: \n\n");
  EXPECT_EQ(to_wire({.type = "t\ndata: evil", .data = ""}), "event: t\ndata: \n\n");
}

}  // namespace
}  // namespace penstock::control::http

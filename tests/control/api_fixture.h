#pragma once
// Asks the API, and holds every answer to the OpenAPI document.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/api_bench.h"
#include "tests/control/api_schema.h"

namespace penstock::control::api {

class ApiTest : public testing::Test {
 protected:
  http::Response ask(const http::Request& request) {
    http::Response response = bench.router.answer(request);
    EXPECT_EQ(contract().judge(request, response), "") << request.method << " " << request.path << " " << response.body;
    return response;
  }
  http::Response ask(std::string method, std::string path, std::string body = "", http::Headers headers = {}) {
    http::Request request = ApiBench::request(std::move(method), std::move(path), std::move(body));
    for (const auto& [name, value] : headers) request.headers.set(name, value);
    return ask(request);
  }
  Json get(const std::string& path) {
    const http::Response response = ask("GET", path);
    EXPECT_EQ(response.status, 200u) << path << ": " << response.body;
    return Json::parse(response.body);
  }
  /// A publisher with microphone and camera, and a viewer.
  void populate() {
    EXPECT_EQ(ask("PUT", "/v1/rooms/r", "{}").status, 201u);
    EXPECT_EQ(ask("PUT", "/v1/rooms/r/endpoints/alice", kPublisher).status, 201u);
    EXPECT_EQ(ask("PUT", "/v1/rooms/r/endpoints/bob", "{}").status, 201u);
    EXPECT_EQ(ask("PUT", "/v1/rooms/r/endpoints/bob/subscriptions/s", kSubscription).status, 201u);
  }
  static const Contract& contract() {
    static const Contract kContract;
    return kContract;
  }

  ApiBench bench;
};

}  // namespace penstock::control::api

// Rooms, endpoints, tracks and subscriptions over the API. Every answer is held to the OpenAPI document.

#include "tests/control/api_fixture.h"

namespace penstock::control::api {
namespace {

using testing::HasSubstr;

TEST_F(ApiTest, WhatIsServedIsDocumentedAndTheOtherWayRound) {
  EXPECT_EQ(bench.router.routes(), contract().routes());
}

TEST_F(ApiTest, TheDocumentIsServed) {
  const auto response = ask("GET", "/v1/openapi.json");
  EXPECT_EQ(Json::parse(response.body)["openapi"], "3.1.0");
}

TEST_F(ApiTest, ACallIsProgrammedAndReadBack) {
  populate();
  const Json alice = get("/v1/rooms/r/endpoints/alice");
  EXPECT_EQ(alice["tracks"], Json::parse(R"(["cam","mic"])"));
  EXPECT_EQ(alice["local"]["candidates"][0]["address"], "192.0.2.1");
  EXPECT_EQ(alice["state"]["ice"], "waiting");
  const Json camera = get("/v1/rooms/r/endpoints/alice/tracks/cam");
  EXPECT_EQ(camera["codecs"][1]["associated_payload_type"], 96);
  EXPECT_EQ(camera["encodings"][2]["rid"], "f");
  EXPECT_EQ(camera["feedback"]["fir"], false);
  const Json subscription = get("/v1/rooms/r/endpoints/bob/subscriptions/s");
  EXPECT_EQ(subscription["track"]["track"], "cam");
  EXPECT_EQ(subscription["max_spatial_layer"], 1);
  EXPECT_TRUE(subscription["max_temporal_layer"].is_null());
  EXPECT_GT(subscription["ssrc"], 0u);
  EXPECT_EQ(get("/v1/rooms/r")["state"]["tracks"], 2);
  EXPECT_EQ(get("/v1/rooms/r/endpoints/alice/tracks")["tracks"].size(), 2u);
  EXPECT_EQ(get("/v1/rooms/r/endpoints/bob/subscriptions")["subscriptions"].size(), 1u);
  EXPECT_EQ(ask("POST", "/v1/rooms/r/endpoints/alice/tracks/cam/keyframe").status, 202u);
}

TEST_F(ApiTest, PuttingTheSameAgainChangesNothing) {
  populate();
  for (const auto& [path, body] : {std::pair<const char*, const char*>{"/v1/rooms/r", "{}"},
                                   {"/v1/rooms/r/endpoints/alice", kPublisher},
                                   {"/v1/rooms/r/endpoints/bob/subscriptions/s", kSubscription}}) {
    const std::string before = bench.model->digest();
    const std::uint64_t events = bench.model->events().latest();
    const std::string tag(ask("GET", path).headers.find("ETag").value_or(""));
    const auto again = ask("PUT", path, body);
    EXPECT_EQ(again.status, 200u) << again.body;
    EXPECT_EQ(again.headers.find("ETag"), tag) << path;
    EXPECT_EQ(bench.model->digest(), before);
    EXPECT_EQ(bench.model->events().latest(), events);
  }
}

TEST_F(ApiTest, PatchesChangeWhatTheyName) {
  populate();
  const std::string subscription = "/v1/rooms/r/endpoints/bob/subscriptions/s";
  const auto patched = ask("PATCH", subscription, R"({"max_spatial_layer":null,"paused":true,"track":null})",
                           {{"Content-Type", "application/merge-patch+json"}});
  ASSERT_EQ(patched.status, 200u) << patched.body;
  const Json now = get(subscription);
  EXPECT_TRUE(now["max_spatial_layer"].is_null());
  EXPECT_TRUE(now["track"].is_null());
  EXPECT_EQ(now["paused"], true);
  EXPECT_EQ(now["priority"], 3);
  EXPECT_EQ(ask("PATCH", "/v1/rooms/r/endpoints/alice", R"({"max_publish_bit_rate":500000})").status, 200u);
  EXPECT_EQ(get("/v1/rooms/r/endpoints/alice")["max_publish_bit_rate"], 500'000);
  EXPECT_EQ(ask("PATCH", "/v1/rooms/r", "{}").status, 405u);
}

TEST_F(ApiTest, DeletesWhatIsThere) {
  populate();
  EXPECT_EQ(ask("DELETE", "/v1/rooms/r/endpoints/alice/tracks/cam").status, 204u);
  EXPECT_EQ(ask("DELETE", "/v1/rooms/r/endpoints/alice/tracks/cam").status, 404u);
  EXPECT_TRUE(get("/v1/rooms/r/endpoints/bob/subscriptions/s")["track"].is_null());
  EXPECT_EQ(ask("DELETE", "/v1/rooms/r").status, 204u);
  EXPECT_EQ(ask("GET", "/v1/rooms/r/endpoints/bob").status, 404u);
}

TEST_F(ApiTest, EntityTagsGuardChangesAndSaveReads) {
  populate();
  const std::string tag(*ask("GET", "/v1/rooms/r").headers.find("ETag"));
  EXPECT_EQ(ask("GET", "/v1/rooms/r", "", {{"If-None-Match", "\"x\", " + tag}}).status, 304u);
  EXPECT_EQ(ask("GET", "/v1/rooms/r", "", {{"If-None-Match", "W/" + tag}}).status, 304u);
  EXPECT_EQ(ask("GET", "/v1/rooms/r", "", {{"If-None-Match", "\"x\""}}).status, 200u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", R"({"metadata":"a"})", {{"If-Match", "\"x\""}}).status, 412u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", R"({"metadata":"a"})", {{"If-Match", "W/" + tag}}).status, 412u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", R"({"metadata":"a"})", {{"If-Match", tag}}).status, 200u);
  EXPECT_EQ(ask("DELETE", "/v1/rooms/r", "", {{"If-Match", tag}}).status, 412u) << "it has another tag by now";
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", "{}", {{"If-None-Match", "*"}}).status, 412u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/new", "{}", {{"If-Match", "*"}}).status, 412u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/new", "{}", {{"If-None-Match", "*"}}).status, 201u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", "{}", {{"If-Match", "unquoted"}}).status, 400u);
}

TEST_F(ApiTest, ListsArePaged) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("PUT", "/v1/rooms/room" + std::to_string(i), "{}").status, 201u);
  const Json first = get("/v1/rooms?limit=3");
  EXPECT_EQ(first["rooms"].size(), 3u);
  EXPECT_EQ(first["next"], "room2");
  const Json second = get("/v1/rooms?limit=3&after=room2");
  EXPECT_EQ(second["rooms"][0]["id"], "room3");
  EXPECT_TRUE(second["next"].is_null());
  for (const char* bad : {"0", "501", "x", "3x", "-1", ""}) {
    EXPECT_EQ(ask("GET", std::string("/v1/rooms?limit=") + bad).status, 400u) << bad;
  }
}

TEST_F(ApiTest, LeasesAreRenewed) {
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", R"({"lease":{"owner":"sig","duration_s":30}})").status, 201u);
  EXPECT_EQ(ask("POST", "/v1/rooms/r/lease").status, 200u);
  EXPECT_EQ(Json::parse(ask("POST", "/v1/leases/sig").body)["renewed"], 1);
  EXPECT_EQ(Json::parse(ask("POST", "/v1/leases/other").body)["renewed"], 0);
  EXPECT_EQ(ask("PUT", "/v1/rooms/stays", "{}").status, 201u);
  EXPECT_EQ(ask("POST", "/v1/rooms/stays/lease").status, 409u);
  EXPECT_EQ(ask("POST", "/v1/rooms/nowhere/lease").status, 404u);
}

struct Wrong {
  const char* method;
  const char* path;
  std::string body;
  unsigned status;
  const char* field;
};

TEST_F(ApiTest, ARefusalNamesTheFieldAndChangesNothing) {
  populate();
  const std::string room = "/v1/rooms/r";
  const Wrong table[] = {
      {"PUT", "/v1/rooms/r", "", 415, ""},
      {"PUT", "/v1/rooms/r", "{", 400, ""},
      {"PUT", "/v1/rooms/r", "[]", 422, ""},
      {"PUT", "/v1/rooms/r", "null", 422, ""},
      {"PUT", "/v1/rooms/r", "{}{}", 400, ""},
      {"PUT", "/v1/rooms/r", "{\"metadata\":\"\xff\"}", 400, ""},
      {"PUT", "/v1/rooms/r", R"({"metadata":"a","metadata":"b"})", 422, ""},
      {"PUT", "/v1/rooms/r", R"({"a/b~c":1})", 422, "/a~1b~0c"},
      {"PUT", "/v1/rooms/r", R"({"metadata":7})", 422, "/metadata"},
      {"PUT", "/v1/rooms/r", R"({"lease":{"owner":"a"}})", 422, "/lease/duration_s"},
      {"PUT", "/v1/rooms/r", R"({"lease":{"owner":"a b","duration_s":5}})", 422, "/lease/owner"},
      {"PUT", "/v1/rooms/r", R"({"lease":{"owner":"a","duration_s":-5}})", 422, "/lease/duration_s"},
      {"PUT", "/v1/rooms/r", R"({"lease":{"owner":"a","duration_s":5.0}})", 422, "/lease/duration_s"},
      {"PUT", "/v1/rooms/r", R"({"lease":{"owner":"a","duration_s":99999999999}})", 422, "/lease/duration_s"},
      {"PUT", "/v1/rooms/r", R"({"limits":{"endpoints":true}})", 422, "/limits/endpoints"},
      {"PUT", "/v1/rooms/r", std::string(40, '[') + std::string(40, ']'), 422, ""},
      {"PUT", "/v1/rooms/r", std::string(100'000, '['), 422, ""},
      {"PUT", "/v1/rooms/a%20b", "{}", 422, ""},
      {"DELETE", "/v1/rooms/r", "{}", 422, ""},
      {"PUT", "/v1/rooms/r/endpoints/alice", R"({"ice_ufrag":"abcd"})", 422, "/ice_pwd"},
      {"PUT", "/v1/rooms/r/endpoints/alice", R"({"dtls_role":"server"})", 422, "/dtls_role"},
      {"PUT", "/v1/rooms/r/endpoints/alice", R"({"fingerprints":[{"hash":"md5","value":"00"}]})", 422,
       "/fingerprints/0/value"},
      {"PUT", "/v1/rooms/r/endpoints/alice", R"({"tracks":{"cam":{"kind":"video"}}})", 422, "/tracks/cam/codecs"},
      {"PUT", "/v1/rooms/r/endpoints/alice", R"({"tracks":[]})", 422, "/tracks"},
      {"PUT", "/v1/rooms/x/endpoints/alice", "{}", 404, ""},
      {"PUT", "/v1/rooms/r/endpoints/alice/tracks/t", R"({"kind":"text","codecs":[]})", 422, "/kind"},
      {"PUT", "/v1/rooms/r/endpoints/alice/tracks/t", R"({"kind":"video","codecs":[{"name":"VP8"}]})", 422,
       "/codecs/0/payload_type"},
      {"PUT", "/v1/rooms/r/endpoints/alice/tracks/t",
       R"({"kind":"video","codecs":[{"name":"VP8","payload_type":300}]})", 422, "/codecs/0/payload_type"},
      {"PUT", "/v1/rooms/r/endpoints/alice/tracks/t", R"({"kind":"video","codecs":[{"name":"VP8","payload_type":70}]})",
       422, "/codecs/0/payload_type"},
      {"PUT", "/v1/rooms/r/endpoints/alice/tracks/t",
       R"({"kind":"video","codecs":[{"name":"red","payload_type":100}]})", 422, "/codecs/0/name"},
      {"PATCH", "/v1/rooms/r/endpoints/bob/subscriptions/s", R"({"max_spatial_layer":9})", 422, "/max_spatial_layer"},
      {"PATCH", "/v1/rooms/r/endpoints/bob/subscriptions/s", R"({"max_spatial_layer":255})", 422, "/max_spatial_layer"},
      {"PATCH", "/v1/rooms/r/endpoints/bob/subscriptions/s", R"({"track":{"endpoint":"alice"}})", 422, "/track/track"},
      {"PATCH", "/v1/rooms/r/endpoints/bob/subscriptions/s", R"({"track":{"endpoint":"alice","track":"no"}})", 404,
       "/track/track"},
      {"PATCH", "/v1/rooms/r/endpoints/bob/subscriptions/s", R"({"mid":"7"})", 422, "/mid"},
      {"PATCH", "/v1/rooms/r/endpoints/bob/subscriptions/no", R"({"paused":true})", 404, ""},
      {"POST", "/v1/rooms/r/endpoints/alice/tracks/mic/keyframe", "", 409, ""},
  };
  for (const Wrong& row : table) {
    const std::string before = bench.model->digest();
    const std::size_t posted = bench.workers.posted;
    const auto response = ask(row.method, row.path, row.body);
    SCOPED_TRACE(std::string(row.method) + " " + row.path + " " + row.body.substr(0, 80) + " -> " + response.body);
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(Json::parse(response.body).value("field", ""), row.field);
    EXPECT_EQ(bench.model->digest(), before);
    EXPECT_EQ(bench.workers.posted, posted);
  }
  auto typeless = ApiBench::request("PUT", room, "{}");
  typeless.headers.set("Content-Type", "text/plain");
  EXPECT_EQ(ask(typeless).status, 415u);
}

TEST_F(ApiTest, ABatchAppliesAllOrNothing) {
  const std::string good =
      std::string(R"({"operations":[{"method":"PUT","path":"/v1/rooms/r","body":{},"if_none_match":"*"},)") +
      R"({"method":"PUT","path":"/v1/rooms/r/endpoints/alice","body":)" + kPublisher + "}," +
      R"({"method":"PUT","path":"/v1/rooms/r/endpoints/bob","body":{}},)" +
      R"({"method":"PUT","path":"/v1/rooms/r/endpoints/bob/subscriptions/s","body":)" + kSubscription + "}," +
      R"({"method":"POST","path":"/v1/rooms/r/endpoints/alice/tracks/cam/keyframe"},)" +
      R"({"method":"DELETE","path":"/v1/rooms/r/endpoints/alice/tracks/mic"}]})";
  std::string bad = good;
  bad.replace(bad.rfind("mic"), 3, "nix");
  const std::string before = bench.model->digest();
  const auto refused = ask("POST", "/v1/batch", bad);
  EXPECT_EQ(refused.status, 404u);
  EXPECT_EQ(Json::parse(refused.body)["field"], "/operations/5");
  EXPECT_EQ(bench.model->digest(), before);
  const auto done = ask("POST", "/v1/batch", good);
  ASSERT_EQ(done.status, 200u) << done.body;
  const Json results = Json::parse(done.body)["results"];
  EXPECT_EQ(results[0]["status"], 201);
  EXPECT_EQ(results[1]["body"]["id"], "alice");
  EXPECT_EQ(results[4]["status"], 202);
  EXPECT_EQ(results[5]["status"], 204);
  EXPECT_EQ(ask("POST", "/v1/batch", good).status, 412u) << "the room is there by now";
  const auto minimal = ask("POST", "/v1/batch", R"({"operations":[{"method":"PUT","path":"/v1/rooms/r","body":{}}]})",
                           {{"Prefer", "return=minimal"}});
  EXPECT_FALSE(Json::parse(minimal.body)["results"][0].contains("body"));
}

TEST_F(ApiTest, ABatchNamesWhatIsWrongInWhichOperation) {
  const auto field = [&](const std::string& operation) {
    const auto response = ask("POST", "/v1/batch", R"({"operations":[)" + operation + "]}");
    return std::to_string(response.status) + " " + Json::parse(response.body).value("field", "");
  };
  EXPECT_EQ(field(R"({"method":"PUT","path":"/v1/rooms/r"})"), "422 /operations/0/body");
  EXPECT_EQ(field(R"({"method":"PUT","path":"/v1/rooms/r","body":{"metadata":1}})"), "422 /operations/0/body/metadata");
  EXPECT_EQ(field(R"({"method":"PUT","path":"/v1/rooms/r","body":{"lease":{"owner":" ","duration_s":1}}})"),
            "422 /operations/0/body/lease/owner");
  EXPECT_EQ(field(R"({"method":"GET","path":"/v1/rooms/r"})"), "422 /operations/0/method");
  EXPECT_EQ(field(R"({"method":"PUT","path":"/v1/batch","body":{}})"), "422 /operations/0/path");
  EXPECT_EQ(field(R"({"method":"PUT","path":"no path","body":{}})"), "422 /operations/0/path");
  EXPECT_EQ(field(R"({"method":"DELETE","path":"/v1/rooms/r","body":{}})"), "422 /operations/0/body");
  EXPECT_EQ(field(R"({"method":"PUT","path":"/v1/rooms/r","body":{},"if_match":"x"})"), "422 /operations/0/if_match");
  EXPECT_EQ(field("7"), "422 /operations/0");
  EXPECT_EQ(ask("POST", "/v1/batch", "{}").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/batch", R"({"operations":{}})").status, 422u);
}

TEST_F(ApiTest, StatisticsTellTotalsAndEveryStream) {
  populate();
  const Json all = get("/v1/stats");
  EXPECT_EQ(all["population"]["endpoints"], 2);
  EXPECT_EQ(all["rooms"][0]["id"], "r");
  EXPECT_EQ(all["workers"].size(), 1u);
  const Json room = get("/v1/rooms/r/stats");
  EXPECT_EQ(room["endpoints"][0]["id"], "alice");
  EXPECT_EQ(room["endpoints"][0]["tracks"].size(), 2u);
  EXPECT_EQ(room["endpoints"][1]["subscriptions"][0]["id"], "s");
  EXPECT_EQ(ask("GET", "/v1/rooms/no/stats").status, 404u);
}

TEST_F(ApiTest, WorkersAreShownAndAskedFor) {
  populate();
  EXPECT_EQ(get("/v1/rooms/r")["state"]["endpoints_by_worker"], Json::parse("[2]"));
  EXPECT_EQ(get("/v1/rooms/r/endpoints/bob")["state"]["worker"], 0);
  EXPECT_TRUE(get("/v1/rooms/r/endpoints/bob")["state"]["moving_to"].is_null());
  EXPECT_EQ(get("/v1/stats")["rooms"][0]["endpoints_by_worker"], Json::parse("[2]"));
  EXPECT_EQ(ask("PUT", "/v1/rooms/r/endpoints/carol", R"({"worker":0})").status, 201u);
  EXPECT_EQ(ask("PUT", "/v1/rooms/r/endpoints/carol", R"({"worker":0})").status, 200u);
  EXPECT_EQ(ask("PATCH", "/v1/rooms/r/endpoints/carol", R"({"worker":0})").status, 200u);
  for (const auto& [method, endpoint] : {std::pair("PUT", "dave"), std::pair("PATCH", "carol")}) {
    const auto refused = ask(method, std::string("/v1/rooms/r/endpoints/") + endpoint, R"({"worker":1})");
    EXPECT_EQ(refused.status, 422u) << method;
    EXPECT_EQ(Json::parse(refused.body)["field"], "/worker") << method;
  }
}

TEST_F(ApiTest, SpeakersOfARoomAreLimited) {
  populate();
  EXPECT_EQ(get("/v1/rooms/r")["audio_last_n"], 0);
  EXPECT_EQ(ask("PUT", "/v1/rooms/r", R"({"audio_last_n":3})").status, 200u);
  EXPECT_EQ(get("/v1/rooms/r")["audio_last_n"], 3);
  EXPECT_EQ(get("/v1/rooms/r")["state"]["speakers"], Json::array());
  ASSERT_TRUE(bench.speakers.speaks(0, 3, {.worker = 0, .track = 0, .level = 10}, rooms::Now::read().monotonic_ns));
  EXPECT_EQ(get("/v1/rooms/r")["state"]["speakers"], Json::parse(R"([{"endpoint":"alice","track":"mic"}])"));
  const auto refused = ask("PUT", "/v1/rooms/r", R"({"audio_last_n":17})");
  EXPECT_EQ(refused.status, 422u);
  EXPECT_EQ(Json::parse(refused.body)["field"], "/audio_last_n");
}

TEST_F(ApiTest, TheProcessIsSeenAndDrained) {
  EXPECT_EQ(get("/v1")["version"], "1.2.3");
  EXPECT_EQ(get("/v1")["epoch"], bench.model->events().epoch());
  EXPECT_EQ(ask("GET", "/readyz").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/drain").status, 202u);
  EXPECT_EQ(get("/v1")["draining"], true);
  EXPECT_EQ(ask("GET", "/readyz").status, 503u);
  EXPECT_EQ(ask("GET", "/healthz").status, 200u);
  bench.process.stuck_worker = 3;
  EXPECT_THAT(ask("GET", "/healthz").body, HasSubstr("worker 3 is stuck"));
}

TEST_F(ApiTest, TurnCredentialsAreMade) {
  const auto made = ask("POST", "/v1/turn/credentials", R"({"user":"ada","ttl_s":60,"hash":"sha256"})");
  ASSERT_EQ(made.status, 200u) << made.body;
  const Json json = Json::parse(made.body);
  EXPECT_THAT(json["username"].get<std::string>(), testing::EndsWith(":ada"));
  EXPECT_EQ(json["iceServers"][0]["credential"], json["password"]);
  EXPECT_EQ(ask("POST", "/v1/turn/credentials").status, 200u);
  EXPECT_EQ(ask("POST", "/v1/turn/credentials", R"({"ttl_s":0})").status, 422u);
  EXPECT_EQ(ask("POST", "/v1/turn/credentials", R"({"hash":"md5"})").status, 422u);
  bench.issuer.reset();
  EXPECT_EQ(ask("POST", "/v1/turn/credentials").status, 409u);
  EXPECT_EQ(ask("GET", "/v1/turn/allocations/x").status, 404u);
}

}  // namespace
}  // namespace penstock::control::api

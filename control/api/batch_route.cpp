#include <fmt/format.h>

#include "control/api/answers.h"
#include "control/api/conditions.h"
#include "control/api/members.h"
#include "control/api/resources.h"
#include "control/api/routes.h"
#include "control/api/views.h"

namespace penstock::control::api {
namespace {

using http::Request;
using http::Response;

// The model's own limit may be lower.
constexpr std::size_t kMostOperations = 4096;

/// One operation of a batch.
struct Planned {
  Operation operation;
  rooms::Step step;
};

void read_tags(Members& m, std::string_view name, bool weak, std::vector<std::string>& tags) {
  std::string field;
  m.text(name, field);
  if (!m.has(name)) return;
  auto read = entity_tags(field, weak);
  if (!read) return m.fault(name, read.error().detail);
  tags = std::move(*read);
}

tl::expected<Planned, Fault> plan(const Json& json, const std::string& pointer) {
  std::optional<Fault> fault;
  Members m(json, pointer, fault);
  std::string method;
  std::string path;
  m.require("method");
  m.text("method", method);
  m.require("path");
  m.text("path", path);
  rooms::Precondition precondition;
  read_tags(m, "if_match", false, precondition.if_match);
  read_tags(m, "if_none_match", true, precondition.if_none_match);
  if (takes_body(method)) m.require("body");
  const Json* body = takes_body(method) ? m.raw("body") : nullptr;
  m.finish();
  if (fault) return tl::unexpected(std::move(*fault));
  auto match = match_operation(method, path);
  if (!match) return tl::unexpected(Fault{422, pointer + match.error().field, match.error().detail});
  auto change = change_of(match->operation, match->parameters, body != nullptr ? *body : Json(), pointer + "/body");
  if (!change) return tl::unexpected(std::move(change.error()));
  return Planned{match->operation, {std::move(*change), std::move(precondition)}};
}

tl::expected<std::vector<Planned>, Fault> plan_all(const Json& body) {
  std::optional<Fault> fault;
  Members m(body, "", fault);
  m.require("operations");
  const Json* operations = m.raw("operations");
  m.finish();
  if (fault) return tl::unexpected(std::move(*fault));
  if (!operations->is_array() || operations->size() > kMostOperations) {
    return tl::unexpected(
        Fault{422, "/operations", fmt::format("must be an array of at most {} operations", kMostOperations)});
  }
  std::vector<Planned> all;
  for (std::size_t i = 0; i < operations->size(); ++i) {
    auto planned = plan((*operations)[i], pointer_to("/operations", i));
    if (!planned) return tl::unexpected(std::move(planned.error()));
    all.push_back(std::move(*planned));
  }
  return all;
}

Json result_json(const Operation& operation, const rooms::Outcome& outcome, bool minimal) {
  if (operation.method == "DELETE") return {{"status", 204}};
  if (operation.resource == Resource::key_frame) return {{"status", 202}};
  Json json = {{"status", outcome.created ? 201 : 200}};
  if (const std::string etag = entity_tag(outcome); !etag.empty()) json["etag"] = etag;
  if (!minimal) json["body"] = to_json(outcome);
  return json;
}

Response refused_step(const rooms::Refusal& refusal) {
  rooms::Error error = refusal.error;
  const std::string operation = pointer_to("/operations", refusal.step);
  error.field = error.field.empty() ? operation : operation + "/body" + error.field;
  return refused(error);
}

Response batch(rooms::Rooms& rooms, const Request& request) {
  const auto body = body_of(request);
  if (!body) return refused(body.error());
  auto planned = plan_all(*body);
  if (!planned) return refused(planned.error());
  std::vector<rooms::Step> steps;
  for (Planned& p : *planned) steps.push_back(std::move(p.step));
  const auto outcomes = rooms.apply(steps);
  if (!outcomes) return refused_step(outcomes.error());
  const bool minimal = request.headers.has_token("prefer", "return=minimal");  // RFC 7240 section 4.2
  Json json;
  Json& results = json["results"] = Json::array();
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    results.push_back(result_json((*planned)[i].operation, (*outcomes)[i], minimal));
  }
  return json_response(200, json);
}

}  // namespace

void add_batch_route(http::Router& router, rooms::Rooms& rooms) {
  router.add("POST", "/v1/batch", [&rooms](const Request& request) { return batch(rooms, request); });
}

}  // namespace penstock::control::api

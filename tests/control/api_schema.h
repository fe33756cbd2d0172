#pragma once
// Holds requests and responses to the OpenAPI document: the part of JSON Schema that the document uses.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "control/api/api.h"
#include "control/http/message.h"
#include "control/http/path_pattern.h"

namespace penstock::control::api {

class Contract {
 public:
  Contract() : document_(Json::parse(openapi())) {}
  const Json& document() const { return document_; }

  /// What is wrong with a response; empty: nothing.
  std::string judge(const http::Request& request, const http::Response& response) const {
    const std::string method = request.method == "HEAD" ? "get" : lower(request.method);
    for (const auto& [pattern, item] : document_["paths"].items()) {
      const auto segments = http::split_path(request.path);
      if (!segments || !http::PathPattern(pattern).match(*segments) || !item.contains(method)) continue;
      return judge(request, response, item[method]);
    }
    return response.status == 404 || response.status == 405 || response.status == 400 ? "" : "an undocumented success";
  }

  std::vector<http::Router::Route> routes() const {
    std::vector<http::Router::Route> routes;
    for (const auto& [path, item] : document_["paths"].items()) {
      for (const auto& [method, operation] : item.items()) {
        if (method != "parameters") routes.push_back({upper(method), path});
      }
    }
    std::ranges::sort(routes);
    return routes;
  }

  /// `at`: where the value is, for the sentence.
  std::string validate(const Json& value, const Json& given, const std::string& at = "") const {
    const Json& schema = resolve(given);
    if (schema.contains("anyOf")) {
      for (const Json& one : schema["anyOf"]) {
        if (validate(value, one, at).empty()) return "";
      }
      return at + " is none of what it may be";
    }
    if (schema.contains("type") && !has_type(value, schema["type"])) {
      return fmt::format("{} must be {}, not {}", at, schema["type"].dump(), value.dump());
    }
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) {
      return fmt::format("{}: {} is not in the enumeration", at, value.dump());
    }
    if (value.is_object()) return validate_object(value, schema, at);
    if (value.is_array()) return validate_array(value, schema, at);
    if (value.is_number_integer() && schema.contains("minimum") && value < schema["minimum"])
      return at + " is too small";
    if (value.is_number_integer() && schema.contains("maximum") && value > schema["maximum"])
      return at + " is too large";
    // The document has one pattern, that of ids.
    if (value.is_string() && schema.contains("pattern") && !rooms::valid_id(value.get<std::string>())) {
      return fmt::format("{}: {} is no id", at, value.dump());
    }
    return "";
  }

 private:
  static std::string lower(std::string s) {
    std::ranges::transform(s, s.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return s;
  }
  static std::string upper(std::string s) {
    std::ranges::transform(s, s.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    return s;
  }

  const Json& resolve(const Json& schema) const {
    if (!schema.contains("$ref")) return schema;
    return document_.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
  }

  static bool has_type(const Json& value, const Json& type) {
    if (type.is_array()) return std::ranges::any_of(type, [&](const Json& one) { return has_type(value, one); });
    if (type == "integer") return value.is_number_integer();
    return type == std::string(value.type_name());
  }

  std::string validate_object(const Json& value, const Json& schema, const std::string& at) const {
    for (const Json& name : schema.value("required", Json::array())) {
      if (!value.contains(name.get<std::string>())) return fmt::format("{} lacks {}", at, name.dump());
    }
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, member] : value.items()) {
      const Json rest = schema.value("additionalProperties", Json(true));
      if (!properties.contains(name) && rest == Json(false)) return fmt::format("{} has an unknown {}", at, name);
      if (!properties.contains(name) && !rest.is_object()) continue;
      const std::string wrong = validate(member, properties.contains(name) ? properties[name] : rest, at + "/" + name);
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  std::string validate_array(const Json& value, const Json& schema, const std::string& at) const {
    if (schema.contains("maxItems") && value.size() > schema["maxItems"]) return at + " has too many elements";
    for (std::size_t i = 0; schema.contains("items") && i < value.size(); ++i) {
      const std::string wrong = validate(value[i], schema["items"], fmt::format("{}/{}", at, i));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  std::string judge(const http::Request& request, const http::Response& response, const Json& operation) const {
    const std::string status = std::to_string(response.status);
    if (!operation["responses"].contains(status)) return "undocumented status " + status;
    // What was taken must have been allowed.
    if (response.status < 300 && operation.contains("requestBody") && !request.body.empty()) {
      const Json& content = operation["requestBody"]["content"]["application/json"];
      const std::string wrong = validate(Json::parse(request.body), content["schema"], "request");
      if (!wrong.empty()) return wrong;
    }
    const Json& documented = resolve(operation["responses"][status]);
    if (response.stream || response.later) return "";
    if (!documented.contains("content")) return response.body.empty() ? "" : "an undocumented body";
    if (documented.contains("headers") && documented["headers"].contains("ETag") &&
        !response.headers.contains("ETag")) {
      return "no ETag";
    }
    const std::string type = response.content_type.substr(0, response.content_type.find(';'));
    if (!documented["content"].contains(type)) return "undocumented type " + type;
    const Json& schema = documented["content"][type]["schema"];
    return type.ends_with("json") ? validate(Json::parse(response.body), schema, "response") : "";
  }

  Json document_;
};

}  // namespace penstock::control::api

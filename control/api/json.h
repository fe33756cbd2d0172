#pragma once
// JSON as the API takes it: small, shallow, without surprises.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::control::api {

/// Members stay in the order they were put in, so that answers read well.
using Json = nlohmann::ordered_json;

/// What is wrong with a body: 400 for what is no JSON, 422 for what is not right as this kind of object.
struct Fault {
  unsigned status = 422;
  std::string field{};  ///< JSON pointer (RFC 6901); empty: the body as a whole
  std::string detail{};
};

inline constexpr int kMaxDepth = 12;

/// Strict: UTF-8 (RFC 8259 section 8.1), no member twice in an object, at most kMaxDepth objects and arrays inside each
/// other. Total: any bytes.
tl::expected<Json, Fault> parse(std::string_view text);

/// On one line with a line end. Text that is no UTF-8 is written with replacement characters.
std::string to_text(const Json& json);

/// One reference token of a JSON pointer, escaped, behind `pointer`.
std::string pointer_to(std::string_view pointer, std::string_view member);
std::string pointer_to(std::string_view pointer, std::size_t index);

}  // namespace penstock::control::api

#include "control/api/problems.h"

#include <fmt/format.h>

namespace penstock::control::api {
namespace {

struct Kind {
  unsigned status;
  const char* title;
};

constexpr Kind kKinds[rooms::kErrorKindCount] = {
    {422, "Invalid value"},   {404, "Not found"},     {409, "In conflict with what there is"},
    {412, "Not as expected"}, {403, "Limit reached"}, {503, "Busy"},
};

}  // namespace

http::Problem problem_of(const Fault& fault) {
  return {.status = fault.status,
          .detail = fault.detail,
          .field = fault.field,
          .type = fault.status == 400 ? "urn:penstock:problem:not-json" : "urn:penstock:problem:invalid",
          .title = fault.status == 400 ? "Not JSON" : kKinds[0].title};
}

http::Problem problem_of(const rooms::Error& error) {
  const Kind& kind = kKinds[static_cast<std::size_t>(error.kind)];
  return {.status = kind.status,
          .detail = error.sentence,
          .field = error.field,
          .type = fmt::format("urn:penstock:problem:{}", name(error.kind)),
          .title = kind.title};
}

}  // namespace penstock::control::api

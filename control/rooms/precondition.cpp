#include <algorithm>

#include "control/rooms/changes.h"
#include "control/rooms/refuse.h"

namespace penstock::control::rooms {

tl::expected<void, Error> check(const Precondition& precondition, const State& state,
                                std::optional<std::uint64_t> revision) {
  const std::string tag = revision ? state.entity_tag(*revision) : "";
  const auto matches = [&](const std::vector<std::string>& tags) {
    return revision && std::ranges::any_of(tags, [&tag](const auto& t) { return t == "*" || t == tag; });
  };
  if (!precondition.if_match.empty() && !matches(precondition.if_match)) {
    if (!revision) return refuse(ErrorKind::precondition_failed, "", "If-Match names an object that is not there");
    return refuse(ErrorKind::precondition_failed, "", "the object has changed: its entity tag is \"{}\"; read it again",
                  tag);
  }
  if (matches(precondition.if_none_match)) {
    return refuse(ErrorKind::precondition_failed, "", "If-None-Match: the object is there, its entity tag is \"{}\"",
                  tag);
  }
  return {};
}

}  // namespace penstock::control::rooms

#include "control/api/json.h"

#include <fmt/format.h>

#include <set>
#include <vector>

namespace penstock::control::api {
namespace {

constexpr std::size_t kMostMembers = 256;

/// Watches the parser: what the document object model would not show any more, or only after it has grown.
class Watch {
 public:
  bool on(int depth, Json::parse_event_t event, const Json& parsed) {
    using E = Json::parse_event_t;
    if (depth >= kMaxDepth && (event == E::object_start || event == E::array_start)) {
      throw Fault{422, "", fmt::format("objects and arrays may be at most {} deep", kMaxDepth)};
    }
    if (event == E::object_start) names_.emplace_back();
    if (event == E::object_end) names_.pop_back();
    // Objects keep their members in the order they came, so that each new one is compared with all before.
    if (event == E::key && names_.back().size() == kMostMembers) {
      throw Fault{422, "", fmt::format("an object may have at most {} members", kMostMembers)};
    }
    if (event == E::key && !names_.back().insert(parsed.get_ref<const std::string&>()).second) {
      throw Fault{422, "", fmt::format("the member '{}' is there twice in one object", parsed.get<std::string>())};
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> names_;  // of each object that is open
};

}  // namespace

tl::expected<Json, Fault> parse(std::string_view text) {
  try {
    Watch watch;
    return Json::parse(
        text, [&](int depth, Json::parse_event_t event, Json& parsed) { return watch.on(depth, event, parsed); });
  } catch (const Fault& fault) {
    return tl::unexpected(fault);
  } catch (const Json::exception& error) {
    return tl::unexpected(Fault{400, "", fmt::format("the body is no JSON: {}", error.what())});
  }
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string pointer_to(std::string_view pointer, std::string_view member) {
  std::string longer(pointer);
  longer += '/';
  for (const char c : member) {
    if (c == '~' || c == '/') {
      longer += c == '~' ? "~0" : "~1";
    } else {
      longer += c;
    }
  }
  return longer;
}

std::string pointer_to(std::string_view pointer, std::size_t index) {
  return fmt::format("{}/{}", pointer, index);
}

}  // namespace penstock::control::api

#include "control/api/members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace penstock::control::api {

Members::Members(const Json& json, std::string pointer, std::optional<Fault>& fault)
    : json_(json), pointer_(std::move(pointer)), fault_(fault) {
  if (!json_.is_object()) refuse(pointer_, fmt::format("must be an object, not {}", json_.type_name()));
}

void Members::refuse(std::string field, std::string detail) {
  if (!fault_) fault_ = Fault{422, std::move(field), std::move(detail)};
}

void Members::fault(std::string_view name, std::string detail) {
  refuse(pointer_to(pointer_, name), std::move(detail));
}

const Json* Members::find(std::string_view name) const {
  if (fault_ || !json_.is_object()) return nullptr;
  const auto found = json_.find(std::string(name));
  return found == json_.end() ? nullptr : &*found;
}

const Json* Members::take(std::string_view name) {
  const Json* value = find(name);
  if (value != nullptr) read_.emplace(name);
  return value;
}

const Json* Members::raw(std::string_view name) {
  return take(name);
}

void Members::require(std::string_view name) {
  if (!fault_ && find(name) == nullptr) fault(name, "is missing");
}

bool Members::is_null(std::string_view name) {
  const Json* value = find(name);
  return value != nullptr && value->is_null() && take(name) != nullptr;
}

void Members::text(std::string_view name, std::string& into) {
  const Json* value = take(name);
  if (value == nullptr) return;
  if (!value->is_string()) return fault(name, fmt::format("must be a string, not {}", value->type_name()));
  into = value->get<std::string>();
}

void Members::flag(std::string_view name, bool& into) {
  const Json* value = take(name);
  if (value == nullptr) return;
  if (!value->is_boolean()) return fault(name, fmt::format("must be true or false, not {}", value->type_name()));
  into = value->get<bool>();
}

void Members::read_number(std::string_view name, std::uint64_t& into, std::uint64_t most) {
  const Json* value = take(name);
  if (value == nullptr) return;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most) {
    return fault(name, fmt::format("must be a whole number from 0 to {}", most));
  }
  into = value->get<std::uint64_t>();
}

std::optional<std::size_t> Members::read_choice(std::string_view name, std::span<const std::string_view> names) {
  const Json* value = take(name);
  if (value == nullptr) return std::nullopt;
  const auto found = value->is_string() ? std::ranges::find(names, value->get_ref<const std::string&>()) : names.end();
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  fault(name, fmt::format("must be one of \"{}\"", fmt::join(names, "\", \"")));
  return std::nullopt;
}

void Members::object(std::string_view name, const std::function<void(Members&)>& read) {
  const Json* value = take(name);
  if (value == nullptr) return;
  Members inner(*value, pointer_to(pointer_, name), fault_);
  read(inner);
  inner.finish();
}

void Members::list(std::string_view name, std::size_t most, const std::function<void(Members&)>& read) {
  const Json* value = take(name);
  if (value == nullptr) return;
  if (!value->is_array()) return fault(name, fmt::format("must be an array, not {}", value->type_name()));
  if (value->size() > most)
    return fault(name, fmt::format("has {} elements; at most {} are taken", value->size(), most));
  for (std::size_t i = 0; i < value->size() && !fault_; ++i) {
    Members element((*value)[i], pointer_to(pointer_to(pointer_, name), i), fault_);
    read(element);
    element.finish();
  }
}

void Members::map(std::string_view name, std::size_t most,
                  const std::function<void(const std::string&, Members&)>& read) {
  const Json* value = take(name);
  if (value == nullptr) return;
  if (!value->is_object()) return fault(name, fmt::format("must be an object, not {}", value->type_name()));
  if (value->size() > most)
    return fault(name, fmt::format("has {} members; at most {} are taken", value->size(), most));
  for (const auto& [key, member] : value->items()) {
    if (fault_) return;
    Members inner(member, pointer_to(pointer_to(pointer_, name), key), fault_);
    read(key, inner);
    inner.finish();
  }
}

void Members::finish() {
  if (fault_ || !json_.is_object()) return;
  for (const auto& [key, value] : json_.items()) {
    if (!read_.contains(key)) return fault(key, "is not a member that can be set here; see /v1/openapi.json");
  }
}

}  // namespace penstock::control::api

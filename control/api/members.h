#pragma once
// Reads the members of a JSON object into a struct, and refuses what is left.

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "control/api/json.h"

namespace penstock::control::api {

/// The first fault counts; after it reading goes on without effect, so that callers read straight on and look once.
/// Members that are absent leave their variable as it is.
class Members {
 public:
  /// Both outlive the reader. `pointer`: where `json` is in the body.
  Members(const Json& json, std::string pointer, std::optional<Fault>& fault);

  /// A fault if the member is absent.
  void require(std::string_view name);
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// True when it is there and null; counts as read.
  bool is_null(std::string_view name);

  void text(std::string_view name, std::string& into);
  void flag(std::string_view name, bool& into);
  /// 0 to the largest value of T.
  template <std::unsigned_integral T>
  void number(std::string_view name, T& into) {
    std::uint64_t value = into;
    read_number(name, value, std::numeric_limits<T>::max());
    into = static_cast<T>(value);
  }
  template <std::unsigned_integral T>
  void number(std::string_view name, std::optional<T>& into) {
    if (has(name)) number(name, into.emplace());
  }
  void flag(std::string_view name, std::optional<bool>& into) {
    if (has(name)) flag(name, into.emplace(false));
  }
  void text(std::string_view name, std::optional<std::string>& into) {
    if (has(name)) text(name, into.emplace());
  }
  /// One of `names`, whose index is the enumerator.
  template <class E>
  void choice(std::string_view name, E& into, std::span<const std::string_view> names) {
    if (const auto index = read_choice(name, names)) into = static_cast<E>(*index);
  }
  void object(std::string_view name, const std::function<void(Members&)>& read);
  /// Each element, an object.
  void list(std::string_view name, std::size_t most, const std::function<void(Members&)>& read);
  /// Each member of an object whose member names are the caller's.
  void map(std::string_view name, std::size_t most, const std::function<void(const std::string&, Members&)>& read);
  /// The member itself; nullptr when absent. Counts as read.
  const Json* raw(std::string_view name);

  /// A fault of one's own about a member.
  void fault(std::string_view name, std::string detail);
  /// A fault for a member that nobody has read.
  void finish();

 private:
  const Json* find(std::string_view name) const;
  const Json* take(std::string_view name);
  void read_number(std::string_view name, std::uint64_t& into, std::uint64_t most);
  std::optional<std::size_t> read_choice(std::string_view name, std::span<const std::string_view> names);
  void refuse(std::string field, std::string detail);

  const Json& json_;
  std::string pointer_;
  std::optional<Fault>& fault_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace penstock::control::api

#pragma once
// Header fields, in the order they came; names compare without regard to case (RFC 9110 section 5.1).

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::control::http {

/// ASCII letters alone, whatever the locale says.
bool equal_ignoring_case(std::string_view a, std::string_view b);

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first field of that name; valid until the next change.
  std::optional<std::string_view> find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }
  /// True when the comma-separated list of that name, over all its fields, has `token`, whatever its case.
  bool has_token(std::string_view name, std::string_view token) const;

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// Instead of all fields of that name.
  void set(std::string_view name, std::string value);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Field> fields_;
};

}  // namespace penstock::control::http

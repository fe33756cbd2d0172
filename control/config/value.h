#pragma once
// One key's value: from TOML's types or a flag's text into its place, and back into TOML.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "control/config/keys.h"

namespace penstock::control {

/// What TOML type a key takes.
enum class Shape : std::uint8_t { boolean, number, text, numbers, texts };
Shape shape_of(const Key& key);
/// "a number", "a list of strings", ...
std::string_view name(Shape shape);

// Each checks range and form; the error is a sentence without the key's name. A list grows by the value.
tl::expected<void, std::string> assign(Key& key, bool value);
tl::expected<void, std::string> assign(Key& key, std::int64_t value);
tl::expected<void, std::string> assign(Key& key, std::string_view value);

/// From a flag: numbers and true/false are written as text.
tl::expected<void, std::string> assign_flag(Key& key, std::string_view text);

/// Empties a list; nothing for other keys.
void clear(Key& key);

/// The value as TOML: 5, true, "text", ["a", "b"].
std::string to_toml(const Key& key);

}  // namespace penstock::control

#include "control/config/keys.h"

#include <algorithm>

namespace penstock::control {

Key* Keys::find(std::string_view full_name) {
  const auto row = std::ranges::find_if(rows_, [&](const Key& key) { return key.full_name() == full_name; });
  return row == rows_.end() ? nullptr : &*row;
}

bool Keys::has_section(std::string_view name) const {
  return std::ranges::any_of(sections_, [&](const Section& section) { return section.name == name; });
}

}  // namespace penstock::control

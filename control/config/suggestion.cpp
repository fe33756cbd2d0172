#include "control/config/suggestion.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace penstock::control {
namespace {

constexpr std::size_t kMaxEdits = 3;
constexpr std::size_t kMaxLength = 64;  // keeps the quadratic distance small for hostile names

// Levenshtein's distance, one row at a time.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string suggest(std::string_view mistyped, std::span<const std::string> known) {
  std::size_t best = kMaxEdits + 1;
  std::string_view nearest;
  if (mistyped.size() > kMaxLength) return "";
  for (const std::string& name : known) {
    if (const std::size_t edits = edits_between(mistyped, name); edits < best) {
      best = edits;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
}

}  // namespace penstock::control

#include "control/sdp/encoding_order.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

using Rank = std::function<std::optional<std::uint64_t>(const RidLine&)>;

std::optional<std::uint64_t> restriction(const RidLine& rid, std::string_view name) {
  for (const Parameter& p : rid.restrictions) {
    if (p.name == name) return number<std::uint64_t>(p.value);
  }
  return {};
}

/// Places in one of the schemes of names; the scheme must name all of them, so ranks of two schemes never meet.
template <std::size_t N>
Rank place_in(const std::array<std::string_view, N>& scheme) {
  return [&scheme](const RidLine& rid) -> std::optional<std::uint64_t> {
    const auto found = std::ranges::find_if(scheme, [&](auto name) { return equal_ignoring_case(name, rid.id); });
    if (found == scheme.end()) return {};
    return static_cast<std::uint64_t>(found - scheme.begin());
  };
}

constexpr std::array<std::string_view, 3> kFractions = {"q", "h", "f"};
constexpr std::array<std::string_view, 3> kFractionWords = {"quarter", "half", "full"};
constexpr std::array<std::string_view, 3> kLetters = {"l", "m", "h"};
constexpr std::array<std::string_view, 5> kWords = {"lo", "low", "mid", "medium", "high"};
constexpr std::array<std::string_view, 3> kShortWords = {"lo", "mid", "hi"};

}  // namespace

void sort_by_quality(std::vector<const RidLine*>& rids) {
  const auto by = [](std::string_view name) -> Rank {
    return [name](const RidLine& r) { return restriction(r, name); };
  };
  const std::array ranks{
      by("max-width"),      by("max-height"),         by("max-fs"),       by("max-pps"),    by("max-br"),
      place_in(kFractions), place_in(kFractionWords), place_in(kLetters), place_in(kWords), place_in(kShortWords)};
  for (const Rank& rank : ranks) {
    if (!std::ranges::all_of(rids, [&](const RidLine* r) { return rank(*r).has_value(); })) continue;
    // Equal ranks stay in order. (std::stable_sort would, but libstdc++'s uses what C++17 deprecated.)
    std::vector<std::pair<std::uint64_t, std::size_t>> places;
    for (const RidLine* rid : rids) places.emplace_back(*rank(*rid), places.size());
    std::ranges::sort(places);
    std::vector<const RidLine*> sorted;
    for (const auto& [value, place] : places) sorted.push_back(rids[place]);
    rids = std::move(sorted);
    return;
  }
}

}  // namespace penstock::control::sdp

#pragma once
// "/v1/rooms/{room}/endpoints/{endpoint}": which paths a route is for.

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/http/message.h"

namespace penstock::control::http {

/// Longest path segment that is looked at, before and after decoding.
inline constexpr std::size_t kMaxSegmentBytes = 768;
/// Most segments a path may have.
inline constexpr std::size_t kMaxSegments = 16;

/// A path cut at its slashes and percent-decoded, so that "%2F" is part of a segment. Nothing for a path that does not
/// start with '/', is badly encoded, or exceeds the bounds above.
std::optional<std::vector<std::string>> split_path(std::string_view path);

class PathPattern {
 public:
  /// `text`: literal segments and {names}, each a whole segment. A pattern is program text: one that is malformed
  /// (no leading slash, empty name) ends the program.
  explicit PathPattern(std::string text);

  /// The parameters, when `segments` (of split_path) fit.
  std::optional<PathParameters> match(const std::vector<std::string>& segments) const;
  const std::string& text() const { return text_; }

  /// Where two patterns fit the same path, the one with the earlier literal comes first.
  friend bool operator<(const PathPattern& a, const PathPattern& b) { return a.rank_ < b.rank_; }

 private:
  struct Segment {
    std::string text;
    bool named = false;
  };
  std::string text_;
  std::vector<Segment> segments_;
  std::string rank_;
};

}  // namespace penstock::control::http

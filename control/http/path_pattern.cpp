#include "control/http/path_pattern.h"

#include <cstdio>
#include <cstdlib>

#include "control/http/percent.h"

namespace penstock::control::http {
namespace {

[[noreturn]] void malformed(const std::string& pattern) {
  std::fprintf(stderr, "malformed path pattern '%s'\n", pattern.c_str());
  std::abort();
}

}  // namespace

std::optional<std::vector<std::string>> split_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::vector<std::string> segments;
  for (;;) {
    path.remove_prefix(1);
    const std::string_view raw = path.substr(0, path.find('/'));
    if (raw.size() > kMaxSegmentBytes || segments.size() == kMaxSegments) return std::nullopt;
    auto segment = percent_decode(raw);
    if (!segment) return std::nullopt;
    segments.push_back(std::move(*segment));
    path.remove_prefix(raw.size());
    if (path.empty()) return segments;
  }
}

PathPattern::PathPattern(std::string text) : text_(std::move(text)) {
  if (!text_.starts_with('/')) malformed(text_);
  for (std::string_view rest = text_; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    const bool named = segment.starts_with('{') && segment.ends_with('}');
    if (named && segment.size() < 3) malformed(text_);
    segments_.push_back({std::string(named ? segment.substr(1, segment.size() - 2) : segment), named});
    rank_ += named ? '1' : '0';
  }
}

std::optional<PathParameters> PathPattern::match(const std::vector<std::string>& segments) const {
  if (segments.size() != segments_.size()) return std::nullopt;
  PathParameters parameters;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments_[i].named) {
      if (segments[i].empty()) return std::nullopt;
      parameters.emplace_back(segments_[i].text, segments[i]);
    } else if (segments_[i].text != segments[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

}  // namespace penstock::control::http

#include <algorithm>
#include <span>

#include "control/sdp/read_attribute.h"
#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

constexpr std::size_t kMostSources = 64;
constexpr std::size_t kMostGroups = 64;
constexpr std::size_t kMostRids = 16;
constexpr std::size_t kMostMsids = 16;

/// RFC 8851 section 10: rid-id.
bool is_rid(std::string_view text) {
  const auto is_rid_character = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  return !text.empty() && std::ranges::all_of(text, is_rid_character);
}

tl::expected<std::vector<SimulcastStream>, std::string> read_streams(std::string_view list) {
  std::vector<SimulcastStream> streams;
  while (!list.empty()) {
    std::string_view alternatives = cut(list, ';');
    SimulcastStream stream;
    while (!alternatives.empty()) {
      std::string_view id = cut(alternatives, ',');
      const bool paused = id.starts_with('~');
      if (paused) id.remove_prefix(1);
      if (!is_rid(id)) return wrong("a=simulcast has no RID in " + quoted(id));
      stream.push_back({std::string(id), paused});
    }
    if (stream.empty()) return wrong("a=simulcast has an empty stream");
    if (streams.size() == kMostRids || stream.size() > kMostRids) return wrong("a=simulcast is too long");
    streams.push_back(std::move(stream));
  }
  return streams;
}

}  // namespace

Outcome read_ssrc(std::string_view value, Section& section) {
  const std::string_view id = cut(value, ' ');
  const auto ssrc = number<std::uint32_t>(id);
  if (!ssrc) return wrong("a=ssrc has no SSRC in " + quoted(id));
  auto source = std::ranges::find(section.sources, *ssrc, &Source::ssrc);
  if (source == section.sources.end()) {
    if (section.sources.size() == kMostSources) return wrong("too many SSRCs in one m-section");
    source = section.sources.insert(source, Source{*ssrc, {}});
  }
  const std::string_view attribute = cut(value, ':');
  if (attribute == "cname") source->cname = value;
  return {};
}

Outcome read_ssrc_group(std::string_view value, Section& section) {
  const auto fields = words(value);
  if (fields.empty()) return wrong("a=ssrc-group is empty");
  if (section.groups.size() == kMostGroups || fields.size() > kMostSources) {
    return wrong("too many SSRC groups in one m-section");
  }
  SourceGroup group{std::string(fields[0]), {}};
  for (const std::string_view field : std::span(fields).subspan(1)) {
    const auto ssrc = number<std::uint32_t>(field);
    if (!ssrc) return wrong("a=ssrc-group has no SSRC in " + quoted(field));
    group.ssrcs.push_back(*ssrc);
  }
  section.groups.push_back(std::move(group));
  return {};
}

Outcome read_msid(std::string_view value, Section& section) {
  const auto fields = words(value);
  if (fields.empty() || fields.size() > 2) return wrong("a=msid is not STREAM [TRACK]");
  if (section.msids.size() == kMostMsids) return wrong("too many a=msid lines in one m-section");
  section.msids.push_back({std::string(fields[0]), fields.size() == 2 ? std::string(fields[1]) : std::string()});
  return {};
}

Outcome read_rid(std::string_view value, Section& section) {
  const std::string_view id = cut(value, ' ');
  const std::string_view direction = cut(value, ' ');
  if (!is_rid(id)) return wrong("a=rid has no id in " + quoted(id));
  if (direction != "send" && direction != "recv") return wrong("a=rid is neither send nor recv");
  if (section.rid(id) != nullptr) return wrong("a=rid " + quoted(id) + " is there twice");
  if (section.rids.size() == kMostRids) return wrong("too many a=rid lines in one m-section");
  RidLine rid{std::string(id), direction == "send", {}, {}};
  for (Parameter& restriction : read_parameters(value)) {
    if (restriction.name != "pt") {
      rid.restrictions.push_back(std::move(restriction));
      continue;
    }
    for (std::string_view list = restriction.value; !list.empty();) {
      const auto payload_type = number<std::uint8_t>(cut(list, ','));
      if (!payload_type || *payload_type > 127) return wrong("a=rid has no payload types behind pt=");
      rid.payload_types.push_back(*payload_type);
    }
  }
  section.rids.push_back(std::move(rid));
  return {};
}

Outcome read_simulcast(std::string_view value, Section& section) {
  const auto fields = words(value);
  if (fields.size() != 2 && fields.size() != 4) return wrong("a=simulcast is not 'send LIST [recv LIST]'");
  for (std::size_t i = 0; i < fields.size(); i += 2) {
    if (fields[i] != "send" && fields[i] != "recv") return wrong("a=simulcast is neither send nor recv");
    auto& place = fields[i] == "send" ? section.simulcast.send : section.simulcast.receive;
    if (!place.empty()) return wrong("a=simulcast names one direction twice");
    auto streams = read_streams(fields[i + 1]);
    if (!streams) return tl::unexpected(streams.error());
    place = *std::move(streams);
  }
  return {};
}

}  // namespace penstock::control::sdp

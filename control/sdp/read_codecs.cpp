#include <algorithm>

#include "control/sdp/read_attribute.h"
#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

constexpr std::uint8_t kMostPayloadType = 127;
constexpr std::size_t kMostExtensions = 64;
constexpr std::size_t kMostFeedback = 32;

/// The codec that `text` names by its payload type. nullptr: not one of the section's formats, which is harmless.
tl::expected<Codec*, std::string> codec_of(std::string_view text, Section& section, std::string_view attribute) {
  const auto payload_type = number<std::uint8_t>(text);
  if (!payload_type || *payload_type > kMostPayloadType) {
    return wrong("a=" + std::string(attribute) + " has no payload type in " + quoted(text));
  }
  const auto found = std::ranges::find(section.codecs, *payload_type, &Codec::payload_type);
  return found == section.codecs.end() ? nullptr : &*found;
}

tl::expected<Direction, std::string> read_direction(std::string_view text) {
  for (const Direction d : {Direction::inactive, Direction::sendonly, Direction::recvonly, Direction::sendrecv}) {
    if (text == to_string(d)) return d;
  }
  return wrong("a=extmap has no direction in " + quoted(text));
}

}  // namespace

Outcome read_rtpmap(std::string_view value, Section& section) {
  const auto codec = codec_of(cut(value, ' '), section, "rtpmap");
  if (!codec) return tl::unexpected(codec.error());
  value = trimmed(value);
  const std::string_view encoding = value;
  const std::string_view name = cut(value, '/');
  const auto clock_rate = number<std::uint32_t>(cut(value, '/'));
  const auto channels = value.empty() ? std::uint8_t{1} : number<std::uint8_t>(value);
  if (!is_token(name) || !clock_rate || *clock_rate == 0 || !channels || *channels == 0) {
    return wrong("a=rtpmap " + quoted(encoding) + " is not NAME/CLOCK-RATE[/CHANNELS]");
  }
  if (*codec == nullptr) return {};
  if (!(*codec)->name.empty()) return wrong("a=rtpmap maps one payload type twice");
  (*codec)->name = name;
  (*codec)->clock_rate = *clock_rate;
  (*codec)->channels = *channels;
  return {};
}

std::vector<Parameter> read_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  while (!text.empty()) {
    std::string_view value = trimmed(cut(text, ';'));
    const std::string_view name = trimmed(cut(value, '='));
    if (!name.empty()) parameters.push_back({std::string(name), std::string(trimmed(value))});
  }
  return parameters;
}

Outcome read_fmtp(std::string_view value, Section& section) {
  const auto codec = codec_of(cut(value, ' '), section, "fmtp");
  if (!codec) return tl::unexpected(codec.error());
  if (*codec == nullptr) return {};
  // A second line adds to the first, as some gateways write them.
  std::ranges::move(read_parameters(value), std::back_inserter((*codec)->parameters));
  return {};
}

Outcome read_rtcp_fb(std::string_view value, Section& section) {
  const std::string_view payload_type = cut(value, ' ');
  std::string feedback;
  for (const std::string_view word : words(value)) feedback.append(feedback.empty() ? "" : " ").append(word);
  if (feedback.empty()) return wrong("a=rtcp-fb names no feedback");
  const auto add = [&feedback](Codec& codec) {
    if (codec.feedback.size() < kMostFeedback && !codec.has_feedback(feedback)) codec.feedback.push_back(feedback);
  };
  if (payload_type == "*") {
    std::ranges::for_each(section.codecs, add);
    return {};
  }
  const auto codec = codec_of(payload_type, section, "rtcp-fb");
  if (!codec) return tl::unexpected(codec.error());
  if (*codec != nullptr) add(**codec);
  return {};
}

Outcome read_extmap(std::string_view value, Section& section) {
  std::string_view direction_text = cut(value, ' ');
  const auto id = number<std::uint16_t>(cut(direction_text, '/'));
  if (!id || *id == 0) return wrong("a=extmap has no id from 1 to 255");
  HeaderExtension extension;
  if (!direction_text.empty()) {
    const auto direction = read_direction(direction_text);
    if (!direction) return tl::unexpected(direction.error());
    extension.direction = *direction;
  }
  const auto rest = words(value);
  if (rest.empty()) return wrong("a=extmap has no URI");
  if (*id > 255) return {};
  if (section.extensions.size() == kMostExtensions) return wrong("too many a=extmap lines in one m-section");
  if (std::ranges::find(section.extensions, *id, &HeaderExtension::id) != section.extensions.end()) {
    return wrong("a=extmap id " + std::to_string(*id) + " is there twice");
  }
  extension.id = static_cast<std::uint8_t>(*id);
  extension.uri = rest[0];
  section.extensions.push_back(std::move(extension));
  return {};
}

}  // namespace penstock::control::sdp

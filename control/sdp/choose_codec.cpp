#include "control/sdp/choose_codec.h"

#include <algorithm>
#include <array>

#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

/// A codec that Penstock forwards, as rtpmap has it (RFC 7587 section 7, RFC 7741 section 6).
struct Format {
  sfu::MediaKind kind;
  sfu::Codec codec;
  std::string_view name;
  std::uint32_t clock_rate;
  std::uint8_t channels;
};
constexpr std::array kFormats{
    Format{sfu::MediaKind::audio, sfu::Codec::opus, "opus", 48000, 2},
    Format{sfu::MediaKind::video, sfu::Codec::vp8, "VP8", 90000, 1},
};

/// RFC 5761 section 4: with RTP and RTCP on one port, these would be taken for RTCP.
constexpr bool is_usable(std::uint8_t payload_type) {
  return payload_type < 64 || (payload_type > 95 && payload_type < 128);
}

bool matches(const Codec& codec, const Format& format, std::string_view kind) {
  return kind == sfu::kMediaKindNames[static_cast<std::size_t>(format.kind)] && is_usable(codec.payload_type) &&
         equal_ignoring_case(codec.name, format.name) && codec.clock_rate == format.clock_rate &&
         codec.channels == format.channels;
}

/// RFC 7587 section 7: what either side would like to receive. A publisher that says it may send stereo gets to, and a
/// player that asks for it is told what it may expect.
std::vector<Parameter> opus_parameters(const Codec& offered) {
  const auto is_on = [&offered](std::string_view name) {
    const std::string* value = offered.parameter(name);
    return value != nullptr && *value == "1";
  };
  std::vector<Parameter> answer{{"minptime", "10"}, {"useinbandfec", "1"}};
  if (is_on("stereo") || is_on("sprop-stereo")) {
    answer.push_back({"stereo", "1"});
    answer.push_back({"sprop-stereo", "1"});
  }
  if (is_on("usedtx")) answer.push_back({"usedtx", "1"});
  return answer;
}

sfu::Feedback served_feedback(const Codec& codec) {
  const bool video = equal_ignoring_case(codec.name, "VP8");
  sfu::Feedback feedback;
  feedback.nack = codec.has_feedback("nack");
  feedback.pli = video && codec.has_feedback("nack pli");
  feedback.fir = video && codec.has_feedback("ccm fir");
  feedback.remb = codec.has_feedback("goog-remb");
  feedback.transport = codec.has_feedback("transport-cc");
  return feedback;
}

/// Retransmission needs someone who asks for it: without NACK its format is not taken.
std::uint8_t rtx_payload_type(const Section& section, const AcceptedSection& accepted) {
  if (!accepted.feedback.nack) return sfu::kNoPayloadType;
  for (const Codec& codec : section.codecs) {
    if (is_usable(codec.payload_type) && codec.clock_rate == accepted.clock_rate &&
        codec.associated_payload_type() == accepted.payload_type) {
      return codec.payload_type;
    }
  }
  return sfu::kNoPayloadType;
}

}  // namespace

std::optional<AcceptedSection> choose_codec(const Section& section) {
  for (const Codec& codec : section.codecs) {
    const auto format =
        std::ranges::find_if(kFormats, [&](const Format& f) { return matches(codec, f, section.kind); });
    if (format == kFormats.end()) continue;
    AcceptedSection accepted;
    accepted.kind = format->kind;
    accepted.codec = format->codec;
    accepted.payload_type = codec.payload_type;
    accepted.clock_rate = codec.clock_rate;
    accepted.channels = codec.channels;
    if (format->codec == sfu::Codec::opus) accepted.parameters = opus_parameters(codec);
    accepted.feedback = served_feedback(codec);
    accepted.rtx_payload_type = rtx_payload_type(section, accepted);
    return accepted;
  }
  return {};
}

std::string codec_names(const Section& section) {
  constexpr std::size_t kMostNames = 8;
  std::vector<std::string> names;
  for (const Codec& codec : section.codecs) {
    const bool worth_naming = !codec.name.empty() && !equal_ignoring_case(codec.name, "rtx");
    if (worth_naming && std::ranges::find(names, codec.name) == names.end() && names.size() < kMostNames) {
      names.push_back(codec.name);
    }
  }
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

}  // namespace penstock::control::sdp

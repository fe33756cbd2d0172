// Codec lists: exactly one media format, at most one retransmission format for it.

#include <array>
#include <optional>
#include <string>

#include "control/rooms/admission.h"
#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

/// What is fixed by the codec's payload format: RFC 7587 section 7, RFC 7741 section 6.1.
struct CodecFacts {
  std::string_view name;
  sfu::Codec codec;
  sfu::MediaKind kind;
  std::uint32_t clock_rate;
  std::uint8_t channels;
};
constexpr std::array<CodecFacts, 2> kCodecs = {{
    {"opus", sfu::Codec::opus, sfu::MediaKind::audio, 48'000, 2},
    {"vp8", sfu::Codec::vp8, sfu::MediaKind::video, 90'000, 1},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

const CodecFacts* facts_of(std::string_view lower_name) {
  for (const CodecFacts& facts : kCodecs) {
    if (facts.name == lower_name) return &facts;
  }
  return nullptr;
}

std::string field(std::size_t index, std::string_view member) {
  return fmt::format("/codecs/{}/{}", index, member);
}

tl::expected<void, Error> check_payload_type(std::size_t index, std::uint8_t payload_type) {
  if (payload_type > 127) return invalid(field(index, "payload_type"), "payload types are 0 to 127");
  // With the marker bit they would look like RTCP packets on the same port.
  if (payload_type >= 64 && payload_type <= 95) {
    return invalid(field(index, "payload_type"),
                   "payload types 64 to 95 are not used beside RTCP (RFC 5761 section 4); take one of 96 to 127");
  }
  return {};
}

tl::expected<void, Error> take_media(const CodecSpec& spec, std::size_t index, sfu::MediaKind kind, Format& format) {
  const CodecFacts* facts = facts_of(lower(spec.name));
  if (facts == nullptr) {
    return invalid(field(index, "name"), "codec '{}' is not forwarded; leave it out: opus, VP8 and rtx are", spec.name);
  }
  if (facts->kind != kind) {
    return invalid(field(index, "name"), "{} is not {}", spec.name, sfu::kMediaKindNames[static_cast<int>(kind)]);
  }
  if (format.payload_type != sfu::kNoPayloadType) {
    return invalid(field(index, "name"), "a second media codec; give the negotiated one and its rtx");
  }
  if (spec.clock_rate != 0 && spec.clock_rate != facts->clock_rate) {
    return invalid(field(index, "clock_rate"), "the clock rate of {} is {}", spec.name, facts->clock_rate);
  }
  if (spec.channels != 0 && spec.channels != facts->channels) {
    return invalid(field(index, "channels"), "{} has {} in this place", spec.name, facts->channels);
  }
  if (spec.associated_payload_type) {
    return invalid(field(index, "associated_payload_type"), "only rtx refers to another payload type");
  }
  format.codec = facts->codec;
  format.payload_type = spec.payload_type;
  format.clock_rate = facts->clock_rate;
  return {};
}

tl::expected<void, Error> take_rtx(const CodecSpec& spec, std::size_t index, Format& format) {
  if (!spec.associated_payload_type) {
    return invalid(field(index, "associated_payload_type"), "rtx names the payload type that it repeats (apt)");
  }
  if (format.rtx_payload_type != sfu::kNoPayloadType) {
    return invalid(field(index, "name"), "a second rtx; one for the media codec will do");
  }
  if (spec.channels != 0) return invalid(field(index, "channels"), "rtx has none");
  format.rtx_payload_type = spec.payload_type;
  return {};
}

/// rtx repeats the media format, in its clock (RFC 4588 section 8.1).
tl::expected<void, Error> check_rtx(std::span<const CodecSpec> codecs, const Format& format) {
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    if (lower(codecs[i].name) != "rtx") continue;
    if (*codecs[i].associated_payload_type != format.payload_type) {
      return invalid(field(i, "associated_payload_type"), "payload type {} is not the media codec's, which is {}",
                     *codecs[i].associated_payload_type, format.payload_type);
    }
    if (codecs[i].payload_type == format.payload_type) {
      return invalid(field(i, "payload_type"), "rtx needs a payload type of its own");
    }
    if (codecs[i].clock_rate != 0 && codecs[i].clock_rate != format.clock_rate) {
      return invalid(field(i, "clock_rate"), "rtx has the clock rate of what it repeats, {}", format.clock_rate);
    }
  }
  return {};
}

}  // namespace

tl::expected<Format, Error> format_of(sfu::MediaKind kind, std::span<const CodecSpec> codecs) {
  Format format;
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    if (auto ok = check_payload_type(i, codecs[i].payload_type); !ok) return tl::make_unexpected(std::move(ok.error()));
    const bool rtx = lower(codecs[i].name) == "rtx";
    auto taken = rtx ? take_rtx(codecs[i], i, format) : take_media(codecs[i], i, kind, format);
    if (!taken) return tl::make_unexpected(std::move(taken.error()));
  }
  if (format.payload_type == sfu::kNoPayloadType) {
    return invalid("/codecs", "the negotiated codec is missing: opus for audio, VP8 for video");
  }
  if (auto ok = check_rtx(codecs, format); !ok) return tl::make_unexpected(std::move(ok.error()));
  return format;
}

}  // namespace penstock::control::rooms

#pragma once
// Whether a description is right by itself, and what it compiles to. What it may not be beside others: endpoint_ids.h.

#include <span>
#include <tl/expected.hpp>

#include "control/rooms/error.h"
#include "control/rooms/spec.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::control::rooms {

/// What a codec list comes to.
struct Format {
  sfu::Codec codec = sfu::Codec::opus;
  std::uint8_t payload_type = sfu::kNoPayloadType;
  std::uint8_t rtx_payload_type = sfu::kNoPayloadType;
  std::uint32_t clock_rate = 0;
};
tl::expected<Format, Error> format_of(sfu::MediaKind kind, std::span<const CodecSpec> codecs);

/// `highest`: the largest id that can be used.
tl::expected<rtp::ExtensionIds, Error> extension_ids(std::span<const ExtensionSpec> extensions, std::uint8_t highest);

tl::expected<void, Error> check_id(std::string_view what, std::string_view id);
tl::expected<void, Error> check(const RoomSpec& spec);
/// Its own members; each track is checked when it is put.
tl::expected<void, Error> check(const EndpointSpec& spec);
tl::expected<void, Error> check_metadata(std::string_view metadata);
tl::expected<void, Error> check_publish_bit_rate(std::uint64_t bit_rate);
/// Without the endpoint's slot.
tl::expected<sfu::TrackParameters, Error> compile(const TrackSpec& spec);
/// Without slots; SSRCs that are left to us are 0, and so is where the stream starts.
tl::expected<sfu::SubscriptionParameters, Error> compile(const SubscriptionSpec& spec);

}  // namespace penstock::control::rooms

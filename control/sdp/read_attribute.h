#pragma once
// Attributes of an m-section, each read into its place. Private to the folder.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "control/sdp/offer.h"

namespace penstock::control::sdp {

/// The error is the reason alone; the caller knows the line.
using Outcome = tl::expected<void, std::string>;
inline tl::unexpected<std::string> wrong(std::string reason) {
  return tl::unexpected(std::move(reason));
}

// Codecs (read_codecs.cpp). The section's codecs were made from the formats of its m= line before, so that the order of
// these attributes does not matter.
Outcome read_rtpmap(std::string_view value, Section& section);
Outcome read_fmtp(std::string_view value, Section& section);
Outcome read_rtcp_fb(std::string_view value, Section& section);
Outcome read_extmap(std::string_view value, Section& section);
/// "minptime=10;useinbandfec=1"
std::vector<Parameter> read_parameters(std::string_view text);

// Sources (read_sources.cpp).
Outcome read_ssrc(std::string_view value, Section& section);
Outcome read_ssrc_group(std::string_view value, Section& section);
Outcome read_msid(std::string_view value, Section& section);
Outcome read_rid(std::string_view value, Section& section);
Outcome read_simulcast(std::string_view value, Section& section);

// ICE and DTLS (read_transport.cpp): also of a session, and of a fragment.
Outcome read_ice_ufrag(std::string_view value, Transport& transport);
Outcome read_ice_pwd(std::string_view value, Transport& transport);
Outcome read_ice_options(std::string_view value, Transport& transport);
Outcome read_fingerprint(std::string_view value, Transport& transport);
Outcome read_setup(std::string_view value, Transport& transport);

/// Reads `name` if it is one of ICE's or DTLS's attributes; false if it is another.
tl::expected<bool, std::string> read_transport_attribute(std::string_view name, std::string_view value,
                                                         Transport& transport);

}  // namespace penstock::control::sdp

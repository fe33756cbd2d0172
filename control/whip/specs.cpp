#include "control/whip/specs.h"

#include <algorithm>
#include <array>

#include "control/http/headers.h"

namespace penstock::control::whip {
namespace {

rooms::DtlsRole dtls_role(const sdp::Transport& remote) {
  if (remote.setup == sdp::Setup::passive) return rooms::DtlsRole::passive;
  return remote.setup == sdp::Setup::active ? rooms::DtlsRole::active : rooms::DtlsRole::automatic;
}

std::vector<rooms::CodecSpec> codec_specs(const sdp::AcceptedSection& accepted) {
  std::vector<rooms::CodecSpec> codecs;
  codecs.push_back({.name = std::string(sfu::kCodecNames[static_cast<std::size_t>(accepted.codec)]),
                    .payload_type = accepted.payload_type,
                    .clock_rate = accepted.clock_rate,
                    .channels = accepted.channels});
  if (accepted.rtx_payload_type != sfu::kNoPayloadType) {
    codecs.push_back({.name = "rtx",
                      .payload_type = accepted.rtx_payload_type,
                      .clock_rate = accepted.clock_rate,
                      .associated_payload_type = accepted.payload_type});
  }
  return codecs;
}

std::vector<rooms::ExtensionSpec> extension_specs(const sdp::AcceptedSection& accepted) {
  std::vector<rooms::ExtensionSpec> extensions;
  for (std::size_t i = 0; i < rtp::kExtensionUris.size(); ++i) {
    const std::uint8_t id = accepted.extensions[static_cast<rtp::Extension>(i)];
    if (id != 0) extensions.push_back({std::string(rtp::kExtensionUris[i]), id});
  }
  return extensions;
}

std::vector<rooms::EncodingSpec> encoding_specs(const sdp::AcceptedSection& accepted) {
  std::vector<rooms::EncodingSpec> encodings;
  for (const sdp::Encoding& e : accepted.encodings) encodings.push_back({e.ssrc, e.rtx_ssrc, e.rid});
  return encodings;
}

void fill(rooms::TrackSpec& spec, const sdp::AcceptedSection& accepted) {
  spec.encodings = encoding_specs(accepted);
}
void fill(rooms::SubscriptionSpec&, const sdp::AcceptedSection&) {}

template <class Spec>
std::vector<Named<Spec>> specs(const sdp::Offer& offer, const sdp::Negotiated& negotiated) {
  std::vector<Named<Spec>> named;
  std::array<std::size_t, sfu::kMediaKindNames.size()> of_kind{};
  for (std::size_t i = 0; i < offer.sections.size(); ++i) {
    if (!negotiated.sections[i]) continue;
    const sdp::AcceptedSection& accepted = *negotiated.sections[i];
    const auto kind = static_cast<std::size_t>(accepted.kind);
    Named<Spec> next{i, std::string(sfu::kMediaKindNames[kind]), {}};
    if (++of_kind[kind] > 1) next.id += '-' + std::to_string(of_kind[kind]);
    next.spec.kind = accepted.kind;
    next.spec.mid = offer.sections[i].mid;
    next.spec.codecs = codec_specs(accepted);
    next.spec.extensions = extension_specs(accepted);
    next.spec.feedback = accepted.feedback;
    fill(next.spec, accepted);
    named.push_back(std::move(next));
  }
  return named;
}

}  // namespace

rooms::EndpointSpec endpoint_spec(const sdp::Negotiated& negotiated) {
  rooms::EndpointSpec spec;
  spec.ice_ufrag = negotiated.transport.ice_ufrag;
  spec.ice_pwd = negotiated.transport.ice_pwd;
  spec.dtls_role = dtls_role(negotiated.transport);
  for (const sdp::Fingerprint& f : negotiated.transport.fingerprints) {
    if (auto known = dtls::parse_fingerprint(f.algorithm, f.digest)) spec.fingerprints.push_back(*known);
  }
  spec.expire_when_lost = true;
  return spec;
}

std::vector<Named<rooms::TrackSpec>> track_specs(const sdp::Offer& offer, const sdp::Negotiated& negotiated) {
  return specs<rooms::TrackSpec>(offer, negotiated);
}

std::vector<Named<rooms::SubscriptionSpec>> subscription_specs(const sdp::Offer& offer,
                                                               const sdp::Negotiated& negotiated) {
  return specs<rooms::SubscriptionSpec>(offer, negotiated);
}

sdp::LocalTransport local_transport(const rooms::EndpointView& endpoint) {
  sdp::LocalTransport transport{endpoint.ice_ufrag, endpoint.ice_pwd, {}, {}};
  for (const dtls::Fingerprint& f : endpoint.fingerprints) {
    transport.fingerprints.push_back({std::string(f.hash_name()), f.hex()});
  }
  for (const rooms::Candidate& c : endpoint.candidates) transport.candidates.push_back(c.address);
  return transport;
}

sfu::Codec codec_of(const std::vector<rooms::CodecSpec>& codecs) {
  for (const rooms::CodecSpec& codec : codecs) {
    const auto name = std::ranges::find_if(
        sfu::kCodecNames, [&](std::string_view known) { return http::equal_ignoring_case(known, codec.name); });
    if (name != sfu::kCodecNames.end()) return static_cast<sfu::Codec>(name - sfu::kCodecNames.begin());
  }
  return sfu::Codec::opus;  // the model admits no list without a codec it knows
}

}  // namespace penstock::control::whip

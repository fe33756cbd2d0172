#pragma once
// What was negotiated by SDP, as the model takes it. Private to the folder.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "control/rooms/spec.h"
#include "control/rooms/view.h"
#include "control/sdp/answer.h"
#include "control/sdp/negotiate.h"

namespace penstock::control::whip {

/// An m-section as a track or a subscription. Ids are the kind, then "audio-2" and so on: easy to find over the API.
template <class Spec>
struct Named {
  std::size_t section = 0;
  std::string id;
  Spec spec;
};

/// ICE and DTLS of the remote side. The endpoint goes when its client is gone.
rooms::EndpointSpec endpoint_spec(const sdp::Negotiated& negotiated);
std::vector<Named<rooms::TrackSpec>> track_specs(const sdp::Offer& offer, const sdp::Negotiated& negotiated);
/// Without a source.
std::vector<Named<rooms::SubscriptionSpec>> subscription_specs(const sdp::Offer& offer,
                                                               const sdp::Negotiated& negotiated);

/// What the model chose for our side.
sdp::LocalTransport local_transport(const rooms::EndpointView& endpoint);

/// The codec that a list of the model's is about.
sfu::Codec codec_of(const std::vector<rooms::CodecSpec>& codecs);

}  // namespace penstock::control::whip

#include "control/rooms/spec.h"

#include <algorithm>
#include <tuple>

namespace penstock::control::rooms {
namespace {

auto members(const sfu::Feedback& f) {
  return std::tie(f.nack, f.pli, f.fir, f.remb, f.transport);
}

bool unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '~' || c == '-';
}

}  // namespace

bool valid_id(std::string_view id) {
  // "." and ".." would vanish from a path (RFC 3986 section 5.2.4).
  return !id.empty() && id.size() <= 64 && id != "." && id != ".." && std::ranges::all_of(id, unreserved);
}

bool operator==(const TrackSpec& a, const TrackSpec& b) {
  return a.kind == b.kind && a.mid == b.mid && a.codecs == b.codecs && a.encodings == b.encodings &&
         a.extensions == b.extensions && members(a.feedback) == members(b.feedback);
}

bool operator==(const EndpointSpec& a, const EndpointSpec& b) {
  return a.ice_ufrag == b.ice_ufrag && a.ice_pwd == b.ice_pwd && a.dtls_role == b.dtls_role &&
         a.fingerprints == b.fingerprints && a.max_publish_bit_rate == b.max_publish_bit_rate &&
         a.metadata == b.metadata && a.expire_when_lost == b.expire_when_lost;
}

bool operator==(const SubscriptionSpec& a, const SubscriptionSpec& b) {
  return a.track == b.track && a.kind == b.kind && a.mid == b.mid && a.codecs == b.codecs &&
         a.extensions == b.extensions && members(a.feedback) == members(b.feedback) && a.ssrc == b.ssrc &&
         a.rtx_ssrc == b.rtx_ssrc && a.max_spatial_layer == b.max_spatial_layer &&
         a.max_temporal_layer == b.max_temporal_layer && a.priority == b.priority && a.paused == b.paused;
}

}  // namespace penstock::control::rooms

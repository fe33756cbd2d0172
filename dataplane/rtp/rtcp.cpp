#include "dataplane/rtp/rtcp.h"

#include "dataplane/rtp/header.h"

namespace penstock::rtp {

std::string_view to_string(RtcpError error) {
  switch (error) {
    case RtcpError::truncated:
      return "truncated";
    case RtcpError::wrong_version:
      return "wrong_version";
    case RtcpError::overrun:
      return "overrun";
    case RtcpError::bad_padding:
      return "bad_padding";
  }
  return "unknown";
}

namespace {

/// Of the packet that starts at `at`, whose length is known to be right.
Bytes body_of(const std::uint8_t* at) {
  return {at + kRtcpHeaderBytes, std::size_t{load_be16(at + 2)} * 4};
}

bool has_padding(const std::uint8_t* at) {
  return (at[0] & 0x20) != 0;
}

}  // namespace

tl::expected<RtcpCompound, RtcpError> RtcpCompound::parse(Bytes datagram) {
  if (datagram.empty()) return tl::unexpected(RtcpError::truncated);
  for (Bytes left = datagram; !left.empty();) {
    if (left.size() < kRtcpHeaderBytes) return tl::unexpected(RtcpError::truncated);
    if (left[0] >> 6 != kVersion) return tl::unexpected(RtcpError::wrong_version);
    const Bytes body = body_of(left.data());
    if (body.size() > left.size() - kRtcpHeaderBytes) return tl::unexpected(RtcpError::overrun);
    if (has_padding(left.data()) && (body.empty() || body.back() == 0 || body.back() > body.size())) {
      return tl::unexpected(RtcpError::bad_padding);
    }
    left = left.subspan(kRtcpHeaderBytes + body.size());
  }
  return RtcpCompound(datagram);
}

RtcpPacket RtcpCompound::Iterator::operator*() const {
  Bytes body = body_of(at_);
  if (has_padding(at_)) body = body.first(body.size() - body.back());
  return {at_[1], static_cast<std::uint8_t>(at_[0] & 0x1f), body};
}

}  // namespace penstock::rtp

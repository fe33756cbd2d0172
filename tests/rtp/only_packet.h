#pragma once
// The one packet of a datagram, for tests of what is inside.

#include <gtest/gtest.h>

#include "dataplane/rtp/rtcp.h"

namespace penstock::rtp::testing {

/// Points into `datagram`.
inline RtcpPacket only_packet(Bytes datagram) {
  const auto compound = RtcpCompound::parse(datagram);
  if (!compound) {
    ADD_FAILURE() << "no RTCP: " << to_string(compound.error());
    return {};
  }
  auto next = compound->begin();
  EXPECT_EQ(++next, compound->end());
  return *compound->begin();
}

}  // namespace penstock::rtp::testing

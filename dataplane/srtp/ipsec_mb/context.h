#pragma once
// What the batch cipher holds per context, in the order in which a packet needs it.

#include <array>
#include <cstdint>
#include <type_traits>

#include "dataplane/srtp/ipsec_mb/counter_mode.h"
#include "dataplane/srtp/ipsec_mb/gcm.h"
#include "dataplane/srtp/ipsec_mb/initial_vector.h"
#include "dataplane/srtp/ipsec_mb/session_keys.h"
#include "dataplane/srtp/profile.h"

namespace penstock::srtp::ipsec_mb {

/// Keys of one direction. Plain data, all zeros: nothing installed. RTCP is one packet in a hundred: its keys are kept
/// short and expanded for each (0.1 us with GCM), which halves the size.
struct alignas(64) Context {
  bool installed;
  Profile profile;
  std::uint32_t rtcp_index;  ///< of the last SRTCP packet sent; 0 before the first
  Salt rtp_salt;
  alignas(64) union {
    gcm_key_data gcm;
    CounterModeKey counter_mode;
  } rtp;
  SessionKey rtcp;
};
static_assert(std::is_trivially_copyable_v<Context> && sizeof(Context) <= 1216);

}  // namespace penstock::srtp::ipsec_mb

#pragma once
// What must be unique within one endpoint's RTP session: SSRCs, MIDs, the meaning of payload types.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <unordered_set>
#include <vector>

#include "control/rooms/error.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::control::rooms {

/// Of one endpoint. Header extension ids are unique within one track or subscription only: RFC 8843 section 7.1.3 wants
/// more, but clients exist that give an id another meaning in another m-section.
class EndpointIds {
 public:
  /// Whether they fit beside all that was added. Fields of errors are those of TrackSpec and SubscriptionSpec.
  tl::expected<void, Error> check(const sfu::TrackParameters& track) const;
  tl::expected<void, Error> check(const sfu::SubscriptionParameters& subscription) const;

  // Each undoes the other exactly. What is added fits; what is removed was added.
  void add(const sfu::TrackParameters& track);
  void remove(const sfu::TrackParameters& track);
  void add(const sfu::SubscriptionParameters& subscription);
  void remove(const sfu::SubscriptionParameters& subscription);

  /// Of a subscription that is gone: its SSRCs are not to be sent from again under the present keys. Otherwise SRTP
  /// packet indexes, and with them the key stream, would repeat (RFC 3711 section 9.1).
  void retire(const sfu::SubscriptionParameters& subscription);
  void bring_back(const sfu::SubscriptionParameters& subscription);
  /// The keys are new.
  void forget_retired() { retired_ssrcs_.clear(); }
  std::size_t retired() const { return retired_ssrcs_.size(); }

  /// Neither in use nor retired, and not 0.
  bool free(std::uint32_t ssrc) const { return ssrc != 0 && find(ssrc) == nullptr && !retired_ssrcs_.contains(ssrc); }
  bool empty() const;

 private:
  /// What a payload type stands for in one direction (RFC 8843 section 9.1: one meaning over all m-sections).
  struct Meaning {
    std::uint8_t payload_type;
    sfu::Codec codec;
    std::uint8_t repeats;  ///< of rtx: the media payload type; kNoPayloadType: it is media
    std::uint32_t users = 0;
    std::uint32_t sole_users = 0;  ///< tracks that nothing but their payload type tells apart
  };
  using Meanings = std::vector<Meaning>;
  struct InUse {
    std::uint32_t ssrc;
    bool sent;  ///< from, not received
  };

  static tl::expected<void, Error> check_meaning(const Meanings& meanings, std::uint8_t payload_type, sfu::Codec codec,
                                                 std::uint8_t repeats);
  static void add_user(Meanings& meanings, std::uint8_t payload_type, sfu::Codec codec, std::uint8_t repeats);
  static void remove_user(Meanings& meanings, std::uint8_t payload_type);
  const InUse* find(std::uint32_t ssrc) const;
  void add(std::uint32_t ssrc, bool sent);
  void remove(std::uint32_t ssrc);

  // Flat, for there are tens of thousands of endpoints.
  std::vector<InUse> ssrcs_;  // sorted
  std::unordered_set<std::uint32_t> retired_ssrcs_;
  std::vector<sfu::Mid> received_mids_, sent_mids_;  // in no order
  Meanings received_, sent_;
};

}  // namespace penstock::control::rooms

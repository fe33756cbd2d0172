#pragma once
// Who sends and who receives, on whatever transport a server speaks.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/peers/sfu/fan_out/arrivals.h"
#include "bench/peers/sfu/fan_out/video.h"
#include "dataplane/net/address.h"

namespace penstock::peers {

struct CastOptions {
  unsigned publishers = 1;
  unsigned receivers = 1;
  net::Address address;  ///< of all their sockets
  FrameShape shape;
  std::string srtp_profiles;  ///< of WebRTC endpoints, by OpenSSL's names; empty: all
};

/// All publishers and receivers of a run. One thread.
class Cast {
 public:
  virtual ~Cast() = default;

  /// What signaling has to know of each: {"publishers": [...], "receivers": [...]}.
  virtual nlohmann::json describe() const = 0;
  /// A step of signaling, as conversation.h has it. The error says what is wrong with it.
  virtual tl::expected<nlohmann::json, std::string> signal(const nlohmann::json& command) = 0;
  /// Whether media may flow from publishers, and to receivers as well; the error says who failed.
  virtual tl::expected<bool, std::string> ready(bool publishers_only) = 0;

  virtual void send_frame(unsigned publisher, std::uint64_t now_ns) = 0;
  /// Receives and sends what there is, without sleeping.
  virtual void turn() = 0;

  /// What can only be told at the end: drops at receivers' sockets, packets that did not decrypt.
  virtual nlohmann::json findings() const = 0;

  Arrivals& arrivals() { return arrivals_; }
  const CastOptions& options() const { return options_; }

 protected:
  explicit Cast(const CastOptions& options) : options_(options), arrivals_(options.receivers) {}

  CastOptions options_;
  Arrivals arrivals_;
};

}  // namespace penstock::peers

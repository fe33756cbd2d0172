#pragma once
// One room at the relay, by its control API: endpoint 0 publishes a video track, the others receive it.

#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/peer/parameters.h"
#include "bench/load/sfu/rooms/api_client.h"

namespace penstock::frame_rooms {

/// SSRCs of the one track, and of what viewer i gets of it (i from 1).
struct Ssrcs {
  static constexpr std::uint32_t kPublished = 0x1000'0000;
  static constexpr std::uint32_t kPublishedRtx = 0x1000'0001;
  static constexpr std::uint32_t of_viewer(std::uint32_t i) { return 0x2000'0000 + i; }
  static constexpr std::uint32_t rtx_of_viewer(std::uint32_t i) { return 0x3000'0000 + i; }
};

/// The room lasts as long as this object.
class Program {
 public:
  explicit Program(load::sfu::ApiClient& api) : api_(api) {}
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Room, endpoints with these transports, track and subscriptions. What the relay answered for each endpoint, or
  /// what it refused.
  tl::expected<std::vector<load::peer::TransportParameters>, std::string> make(
      std::span<const load::peer::TransportParameters> endpoints);

 private:
  load::sfu::ApiClient& api_;
};

}  // namespace penstock::frame_rooms

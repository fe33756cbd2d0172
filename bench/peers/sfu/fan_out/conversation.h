#pragma once
// How whoever signals with a server drives the media: lines of JSON in, a line of JSON out for each.

#include <iosfwd>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "bench/peers/sfu/fan_out/cast.h"

namespace penstock::peers {

///   {"do": "open", "transport": "plain" | "webrtc", "publishers": 1, "receivers": 100, "address": "127.0.0.1",
///    "packets": 8, "packet_bytes": 1200, "srtp_profiles": ""}                    -> what Cast::describe() says
///   {"do": "connect" ...}, "offer", "answer" ...            -> Cast::signal()
///   {"do": "wait", "seconds": 20, "publishers_only": false} -> {"ready": true}, once they are connected
///   {"do": "run", "server_pid": 123, "frames_per_second": 30, "warmup": 0.5, "duration": 2}  -> measure()
///   {"do": "close"}                                         -> {}
/// Every answer to what could not be done is {"error": "a sentence"}.
class Conversation {
 public:
  /// Until the end of `commands`.
  void run(std::istream& commands, std::ostream& answers);

 private:
  tl::expected<nlohmann::json, std::string> obey(const nlohmann::json& command);
  tl::expected<nlohmann::json, std::string> open(const nlohmann::json& command);
  tl::expected<nlohmann::json, std::string> wait(const nlohmann::json& command);
  tl::expected<nlohmann::json, std::string> measure_once(const nlohmann::json& command);

  std::unique_ptr<Cast> cast_;
};

}  // namespace penstock::peers

#pragma once
// Operations of the control API gathered into batches of a size that the relay takes.

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/rooms/api_client.h"

namespace penstock::load::sfu {

class Batch {
 public:
  explicit Batch(ApiClient& api) : api_(api) {}

  void put(std::string path, nlohmann::json body);
  /// Posts what was put, a thousand at a time. The bodies of all answers, in order of put().
  tl::expected<std::vector<nlohmann::json>, std::string> post();

 private:
  ApiClient& api_;
  std::vector<nlohmann::json> operations_;
};

}  // namespace penstock::load::sfu

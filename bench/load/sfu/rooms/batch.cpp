#include "bench/load/sfu/rooms/batch.h"

#include <algorithm>

namespace penstock::load::sfu {
namespace {

using nlohmann::json;

/// The relay takes 4,096 operations, and 2 MiB: a subscription has about 700 bytes.
constexpr std::size_t kMostOperations = 1000;

}  // namespace

void Batch::put(std::string path, json body) {
  operations_.push_back({{"method", "PUT"}, {"path", std::move(path)}, {"body", std::move(body)}});
}

tl::expected<std::vector<json>, std::string> Batch::post() {
  std::vector<json> bodies;
  for (std::size_t first = 0; first < operations_.size(); first += kMostOperations) {
    const std::size_t end = std::min(first + kMostOperations, operations_.size());
    json request = {{"operations", json::array()}};
    for (std::size_t i = first; i < end; ++i) request["operations"].push_back(std::move(operations_[i]));
    auto answer = api_.call("POST", "/v1/batch", &request);
    if (!answer) return tl::unexpected(answer.error());
    for (json& result : (*answer)["results"]) bodies.push_back(std::move(result["body"]));
  }
  if (bodies.size() != operations_.size())
    return tl::unexpected(std::string("a batch was answered with fewer results"));
  operations_.clear();
  return bodies;
}

}  // namespace penstock::load::sfu

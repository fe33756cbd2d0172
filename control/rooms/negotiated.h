#pragma once
// What subscriptions negotiated, as it was described. Thousands of viewers describe the same: it is kept once.

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/rooms/spec.h"

namespace penstock::control::rooms {

/// Of a SubscriptionSpec: what its compiled parameters do not tell.
struct Negotiated {
  std::vector<CodecSpec> codecs;
  std::vector<ExtensionSpec> extensions;
};

class NegotiatedTable {
 public:
  std::shared_ptr<const Negotiated> share(const SubscriptionSpec& spec);
  std::size_t size() const { return known_.size(); }

 private:
  std::unordered_map<std::string, std::weak_ptr<const Negotiated>> known_;
  std::size_t next_sweep_ = 64;  ///< when so many are known, those that nobody uses are forgotten
};

}  // namespace penstock::control::rooms

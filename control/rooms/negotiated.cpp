#include "control/rooms/negotiated.h"

#include <fmt/format.h>

#include <iterator>

namespace penstock::control::rooms {
namespace {

/// Equal texts are equal descriptions. Lengths go before what the caller wrote.
std::string key_of(const SubscriptionSpec& spec) {
  std::string key;
  const auto to = std::back_inserter(key);
  for (const CodecSpec& codec : spec.codecs) {
    fmt::format_to(to, "c{}:{} {} {} {} {} ", codec.name.size(), codec.name, codec.payload_type, codec.clock_rate,
                   codec.channels, codec.associated_payload_type ? *codec.associated_payload_type : -1);
  }
  for (const ExtensionSpec& extension : spec.extensions) {
    fmt::format_to(to, "e{}:{} {} ", extension.uri.size(), extension.uri, extension.id);
  }
  return key;
}

}  // namespace

std::shared_ptr<const Negotiated> NegotiatedTable::share(const SubscriptionSpec& spec) {
  std::weak_ptr<const Negotiated>& known = known_[key_of(spec)];
  auto shared = known.lock();
  if (!shared) {
    shared = std::make_shared<const Negotiated>(Negotiated{spec.codecs, spec.extensions});
    known = shared;
  }
  if (known_.size() >= next_sweep_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    next_sweep_ = 2 * known_.size() + 64;
  }
  return shared;
}

}  // namespace penstock::control::rooms

#include "turn/compiled_settings.h"

#include <fmt/format.h>

#include <utility>

#include "dataplane/stun/protocol.h"

namespace penstock::turn {

tl::expected<std::shared_ptr<const CompiledSettings>, std::string> compile(const Settings& settings,
                                                                           const FixedSettings& fixed) {
  if (settings.software.size() > stun::kLongestTextSentBytes) {
    return tl::unexpected(fmt::format("software has {} bytes; RFC 8489 allows {}: shorten it", settings.software.size(),
                                      stun::kLongestTextSentBytes));
  }
  auto credentials = Credentials::compile(settings);
  if (!credentials) return tl::unexpected(credentials.error());
  return std::make_shared<const CompiledSettings>(CompiledSettings{
      settings, std::make_shared<const Credentials>(std::move(*credentials)), PeerPolicy(settings, fixed)});
}

}  // namespace penstock::turn

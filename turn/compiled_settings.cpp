#include "turn/compiled_settings.h"

#include <utility>

namespace penstock::turn {

tl::expected<std::shared_ptr<const CompiledSettings>, std::string> compile(const Settings& settings,
                                                                           const FixedSettings& fixed) {
  auto credentials = Credentials::compile(settings);
  if (!credentials) return tl::unexpected(credentials.error());
  return std::make_shared<const CompiledSettings>(CompiledSettings{
      settings, std::make_shared<const Credentials>(std::move(*credentials)), PeerPolicy(settings, fixed)});
}

}  // namespace penstock::turn

#include "control/lifecycle/reload.h"

#include "control/relay/turn_settings.h"

namespace penstock::control {

tl::expected<std::shared_ptr<const turn::CompiledSettings>, Problems> compile_settings(
    const Config& config, const turn::FixedSettings& fixed, const std::vector<HostAddress>& host) {
  auto compiled = turn::compile(reloadable_settings(config, host), fixed);
  if (!compiled) return tl::unexpected(Problems{{"", compiled.error()}});
  return std::move(*compiled);
}

tl::expected<Reloaded, Problems> reload(const Sources& sources, const std::vector<std::uint32_t>& allowed_cores,
                                        const turn::FixedSettings& fixed, const std::vector<HostAddress>& host) {
  auto loaded = load_config(sources, allowed_cores);
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  auto settings = compile_settings(loaded->config, fixed, host);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  return Reloaded{std::move(loaded->config), std::move(*settings)};
}

}  // namespace penstock::control

#include "control/relay/turn_settings.h"

namespace penstock::control {

turn::FixedSettings fixed_settings(const Config& config, const Plan& plan) {
  turn::FixedSettings fixed;
  fixed.listen = plan.listen;
  fixed.relay_addresses = plan.relay;
  fixed.port_min = config.relay.port_min;
  fixed.port_max = config.relay.port_max;
  fixed.allocations_per_worker = config.dataplane.allocations;
  fixed.permissions_per_worker = config.dataplane.permissions;
  fixed.channels_per_worker = config.dataplane.channels;
  return fixed;
}

turn::Settings reloadable_settings(const Config& config, const std::vector<HostAddress>& host) {
  turn::Settings settings;
  settings.realm = config.auth.realm;
  settings.users = config.auth.users;
  settings.secrets = config.auth.secrets;
  for (const net::Prefix& p : config.peers.allow) settings.peers.push_back({p, true});
  for (const net::Prefix& p : config.peers.deny) settings.peers.push_back({p, false});
  settings.own_addresses = own_addresses(config.peers, host);
  settings.user_limits = config.limits.user;
  settings.total_limits = config.limits.total;
  settings.allocation_limits = config.limits.allocation;
  settings.answer_rates = config.answers.rates;
  settings.nonce_lifetime_s = config.auth.nonce_lifetime_s;
  settings.software = config.answers.software;
  return settings;
}

}  // namespace penstock::control

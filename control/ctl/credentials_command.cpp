#include <fmt/format.h>

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "control/config/load.h"
#include "control/credentials/credentials.h"
#include "control/ctl/commands.h"
#include "control/ctl/status_table.h"
#include "control/startup/host_addresses.h"

namespace penstock::control::ctl {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

struct Issuer {
  std::string secret;
  std::vector<std::string> urls;
};

// The running daemon knows best: its flags may say more than its file.
std::vector<std::string> urls_of(const Config& config) {
  if (config.metrics.listen) {
    const auto status = fetch(net::to_string(*config.metrics.listen), "/status", kPatience);
    if (auto uris = uris_of(status.value_or("")); !uris.empty()) return uris;
  }
  std::vector<std::string> urls;
  const auto listen = listen_endpoints(config.listen, host_addresses());
  for (const net::Endpoint& e : listen) urls.push_back(turn_uri(e, relay_addresses(config.relay, listen)));
  return urls;
}

tl::expected<Issuer, std::string> issuer_of(const CredentialsOptions& options) {
  Issuer issuer{options.secret, options.urls};
  Config config;
  if (!options.config_file.empty()) {
    const auto loaded = load_config({options.config_file, {}}, allowed_cores());
    if (!loaded) return tl::unexpected(to_string(loaded.error().front()));
    config = loaded->config;
  }
  if (issuer.secret.empty() && !config.auth.secrets.empty()) issuer.secret = config.auth.secrets.front().secret;
  if (issuer.secret.empty()) {
    return tl::unexpected(std::string("--secret SECRET, or --config FILE with auth.secrets, is needed"));
  }
  if (issuer.urls.empty()) issuer.urls = urls_of(config);
  return issuer;
}

}  // namespace

int credentials(const CredentialsOptions& options) {
  const auto issuer = issuer_of(options);
  if (!issuer) {
    std::cerr << "penstockctl: " << issuer.error() << '\n';
    return 1;
  }
  const std::uint64_t expires_at = static_cast<std::uint64_t>(std::time(nullptr)) + options.ttl_s;
  const Credential made = make_credential(issuer->secret, options.user, expires_at,
                                          options.sha256 ? CredentialHash::sha256 : CredentialHash::sha1);
  if (options.json) {
    const nlohmann::ordered_json json = {
        {"username", made.user_name}, {"password", made.password}, {"ttl", options.ttl_s}, {"uris", issuer->urls}};
    std::cout << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  } else {
    std::cout << fmt::format("user      {}\npassword  {}\nvalid     {} s\n\n{}\n", made.user_name, made.password,
                             options.ttl_s, ice_servers_json(made, issuer->urls));
  }
  return 0;
}

}  // namespace penstock::control::ctl

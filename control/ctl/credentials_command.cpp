#include <fmt/format.h>

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "control/config/load.h"
#include "control/credentials/credentials.h"
#include "control/ctl/commands.h"
#include "control/startup/host_addresses.h"

namespace penstock::control::ctl {
namespace {

struct Issuer {
  std::string secret;
  std::vector<std::string> urls;
};

tl::expected<Issuer, std::string> from_config(const std::string& file) {
  const auto loaded = load_config({file, {}}, allowed_cores());
  if (!loaded) return tl::unexpected(to_string(loaded.error().front()));
  const Config& config = loaded->config;
  if (config.auth.secrets.empty()) {
    return tl::unexpected(fmt::format("{} has no auth.secrets: ephemeral credentials need one", file));
  }
  Issuer issuer{config.auth.secrets.front().secret, {}};
  const auto listen = listen_endpoints(config.listen, host_addresses());
  for (const net::Endpoint& e : listen) issuer.urls.push_back(turn_uri(e, relay_addresses(config.relay, listen)));
  return issuer;
}

tl::expected<Issuer, std::string> issuer_of(const CredentialsOptions& options) {
  Issuer issuer{options.secret, {}};
  if (!options.config_file.empty()) {
    auto configured = from_config(options.config_file);
    if (!configured) return configured;
    issuer.urls = std::move(configured->urls);
    if (issuer.secret.empty()) issuer.secret = std::move(configured->secret);
  }
  if (issuer.secret.empty()) return tl::unexpected(std::string("--secret SECRET or --config FILE is needed"));
  if (!options.urls.empty()) issuer.urls = options.urls;
  if (issuer.urls.empty()) issuer.urls.emplace_back("turn:YOUR-ADDRESS:3478?transport=udp");
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

#include "control/lifecycle/http_front.h"

#include <algorithm>
#include <ctime>

#include "control/credentials/credentials.h"
#include "control/demo/demo.h"

namespace penstock::control {
namespace {

// WHIP's ephemeral TURN credentials outlast the set-up of a call, not more.
constexpr std::uint64_t kIceCredentialTtl_s = 3600;

std::vector<std::string> texts(const std::vector<turn::SharedSecret>& secrets) {
  std::vector<std::string> all;
  for (const turn::SharedSecret& s : secrets) all.push_back(s.secret);
  return all;
}

api::Access access_of(const HttpSection& section) {
  return {.tokens = texts(section.tokens), .client_certificates = !section.tls_client_ca.empty()};
}

// Clients behind strict firewalls reach media through the relay beside it. Of its own addresses a relay serves relayed
// ports alone, unless peers.allow covers them: then the media ports, too.
std::vector<whip::IceServer> ice_servers(const api::Sources& sources, std::string_view session) {
  const auto issuer = sources.turn_issuer();
  if (!issuer) return {};
  const auto expiry = static_cast<std::uint64_t>(std::time(nullptr)) + kIceCredentialTtl_s;
  const Credential credential = make_credential(issuer->secret, session, expiry, CredentialHash::sha1);
  std::vector<whip::IceServer> servers;
  for (const std::string& url : issuer->urls) servers.push_back({url, credential.user_name, credential.password});
  return servers;
}

whip::Options whip_options(const HttpSection& section, const api::Sources& sources) {
  whip::Options options;
  options.without_tokens = section.demo;
  options.secrets = texts(section.whip_secrets);
  options.accepting = [sources] { return !sources.process().draining; };
  // Whoever reaches a demo would get credentials of the relay.
  const bool for_others =
      std::ranges::any_of(section.endpoints(), [](const net::Endpoint& e) { return !api::is_loopback(e.address); });
  if (!section.demo || !for_others) {
    options.ice_servers = [sources](std::string_view session) { return ice_servers(sources, session); };
  }
  return options;
}

http::Response keep_strangers_out(const http::Request& request, const http::Handler& next) {
  auto refused = api::refuse_strangers(request);
  return refused ? std::move(*refused) : next(request);
}

}  // namespace

HttpFront::HttpFront(const Config& config, const api::Sources& sources, Log& log)
    : sources_(sources),
      log_(log),
      gate_(access_of(config.http)),
      whip_(sources.rooms, whip_options(config.http, sources)) {}

tl::expected<std::unique_ptr<HttpFront>, std::string> HttpFront::open(boost::asio::io_context& io, const Config& config,
                                                                      const api::Sources& sources, Log& log) {
  for (const std::string& secret : texts(config.http.whip_secrets)) {
    if (auto good = whip::check_secret(secret); !good) return tl::unexpected("http.whip_secrets: " + good.error());
  }
  std::unique_ptr<HttpFront> front(new HttpFront(config, sources, log));
  if (auto listening = front->listen(io, config); !listening) return tl::unexpected(listening.error());
  return front;
}

tl::expected<void, std::string> HttpFront::listen(boost::asio::io_context& io, const Config& config) {
  const HttpSection& section = config.http;
  if (!section.tls_certificate.empty()) {
    auto tls = http::Tls::load({section.tls_certificate, section.tls_key, section.tls_client_ca});
    if (!tls) return tl::unexpected(tls.error());
    tls_ = std::move(*tls);
  }
  for (const net::Endpoint& endpoint : section.endpoints()) {
    if (auto good = listen(io, config, {endpoint, tls_}); !good) return good;
  }
  return section.socket.empty() ? tl::expected<void, std::string>()
                                : listen(io, config, {http::UnixAddress{section.socket}});
}

tl::expected<void, std::string> HttpFront::listen(boost::asio::io_context& io, const Config& config,
                                                  const http::Listener& listener) {
  auto server = http::Server::listen(io, listener, router(listener, config), api::limits());
  if (!server) return tl::unexpected(server.error() + "; choose another --http ADDRESS:PORT");
  servers_.push_back(std::move(*server));
  return {};
}

// The API is left out where anybody could use it: a demo that is shown to others is WHIP, WHEP and the page.
http::Router HttpFront::router(const http::Listener& listener, const Config& config) const {
  http::Router router;
  const auto* endpoint = std::get_if<net::Endpoint>(&listener.address);
  if (api::check_exposure(listener, access_of(config.http))) router = api::make_router(sources_, gate_, api::limits());
  whip_.mount(router);
  if (!config.http.demo) return router;
  demo::add_routes(router, sources_.rooms);
  // Without tokens, loopback is not to be reached by every page that its user looks at.
  if (endpoint != nullptr && api::is_loopback(endpoint->address)) router.use(keep_strangers_out);
  return router;
}

void HttpFront::reload(const Config& config) {
  gate_.replace(access_of(config.http));
  whip_.set_secrets(texts(config.http.whip_secrets));
  if (tls_ == nullptr) return;
  if (auto reloaded = tls_->reload(); !reloaded) log_.error("certificate_not_reloaded", reloaded.error());
}

std::vector<std::string> HttpFront::urls() const {
  std::vector<std::string> urls;
  for (const http::Server& server : servers_) urls.push_back(server.url());
  return urls;
}

}  // namespace penstock::control

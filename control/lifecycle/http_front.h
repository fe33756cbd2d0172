#pragma once
// The listeners that rooms are programmed by: the control API, WHIP and WHEP, and the demo page.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/api/access.h"
#include "control/api/api.h"
#include "control/config/config.h"
#include "control/http/server.h"
#include "control/http/tls.h"
#include "control/log/log.h"
#include "control/whip/whip.h"

namespace penstock::control {

class HttpFront {
 public:
  /// Listens as [http] says. `sources` refers to what outlives the front, and so does `log`. The error is a sentence
  /// that says what to do.
  static tl::expected<std::unique_ptr<HttpFront>, std::string> open(boost::asio::io_context& io, const Config& config,
                                                                    const api::Sources& sources, Log& log);

  /// Tokens, WHIP secrets and certificates of a reloaded configuration; what cannot be read stays as it was, with a log
  /// line.
  void reload(const Config& config);

  /// "http://127.0.0.1:8080", one per listener.
  std::vector<std::string> urls() const;
  const whip::Whip& whip() const { return whip_; }
  const std::vector<http::Server>& servers() const { return servers_; }

 private:
  HttpFront(const Config& config, const api::Sources& sources, Log& log);
  http::Router router(const http::Listener& listener, const Config& config) const;
  tl::expected<void, std::string> listen(boost::asio::io_context& io, const Config& config);
  tl::expected<void, std::string> listen(boost::asio::io_context& io, const Config& config,
                                         const http::Listener& listener);

  const api::Sources sources_;
  Log& log_;
  api::Gate gate_;
  mutable whip::Whip whip_;
  std::shared_ptr<http::Tls> tls_;
  std::vector<http::Server> servers_;
};

}  // namespace penstock::control

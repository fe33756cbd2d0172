#include "control/http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <utility>

#include "control/http/connection.h"

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// After accept failed (no descriptors left): try again then, not at once and for ever.
constexpr std::chrono::milliseconds kAcceptPause{100};

tcp::endpoint to_asio(const net::Endpoint& e) {
  if (e.address.is_v4()) return {asio::ip::address_v4(e.address.v4_host_order()), e.port};
  return {asio::ip::address_v6(e.address.bytes), e.port};
}

net::Endpoint from_asio(const tcp::endpoint& e) {
  if (e.address().is_v4()) return {net::Address::v4(e.address().to_v4().to_uint()), e.port()};
  return {net::Address{e.address().to_v6().to_bytes()}, e.port()};
}

}  // namespace

class Server::Inner : public std::enable_shared_from_this<Inner> {
 public:
  Inner(asio::io_context& io, Router router, Limits limits)
      : acceptor_(io), pause_(io), router_(std::move(router)), limits_(limits) {}

  boost::system::error_code open(const tcp::endpoint& endpoint) {
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) {
        self->pause_then_accept();
        return;
      }
      self->adopt(std::move(socket));
      self->accept();
    });
  }

  void close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    // Not kept any longer: where `io` runs no more, each would keep us, and we it, for ever.
    for (const auto& connection : std::exchange(connections_, {})) connection->close();
  }

  net::Endpoint endpoint() const { return from_asio(acceptor_.local_endpoint()); }
  std::size_t connections() const { return connections_.size(); }

 private:
  void pause_then_accept() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->accept();
    });
  }

  void adopt(tcp::socket socket) {
    if (connections_.size() >= limits_.connections) make_room();
    auto connection = std::make_shared<Connection>(std::move(socket), router_, limits_,
                                                   [self = shared_from_this()](Connection& c) { self->forget(c); });
    connections_.push_back(connection);
    connection->start();
  }

  void make_room() {
    const auto oldest = std::ranges::min_element(connections_, {}, [](const auto& c) { return c->idle_since(); });
    (*oldest)->close();
    connections_.erase(oldest);
  }

  void forget(const Connection& ended) {
    std::erase_if(connections_, [&](const auto& c) { return c.get() == &ended; });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Router router_;
  Limits limits_;
  std::list<std::shared_ptr<Connection>> connections_;
};

tl::expected<Server, std::string> Server::listen(asio::io_context& io, const net::Endpoint& endpoint, Router router,
                                                 Limits limits) {
  auto inner = std::make_shared<Inner>(io, std::move(router), limits);
  if (const auto error = inner->open(to_asio(endpoint))) {
    return tl::unexpected(fmt::format("cannot listen for HTTP on {}: {}", net::to_string(endpoint), error.message()));
  }
  inner->accept();
  return Server(std::move(inner));
}

Server::Server(std::shared_ptr<Inner> inner) : inner_(std::move(inner)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() {
  if (inner_) inner_->close();
}
net::Endpoint Server::endpoint() const {
  return inner_->endpoint();
}
std::size_t Server::connections() const {
  return inner_->connections();
}

}  // namespace penstock::control::http

#include "control/http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <utility>

#include "control/http/acceptor.h"
#include "control/http/client.h"
#include "control/http/connection.h"
#include "control/http/house.h"

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// After accept failed (no descriptors left): try again then, not at once and for ever.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

class Server::Inner : public std::enable_shared_from_this<Inner> {
 public:
  Inner(asio::io_context& io, std::shared_ptr<Tls> tls, Router router, const Limits& limits)
      : io_(io),
        acceptor_(io),
        pause_(io),
        tls_(std::move(tls)),
        house_(std::make_shared<House>(House{std::move(router), limits})) {
    // Streams are not evicted, so they must leave a place.
    house_->limits.streams = std::min(limits.streams, std::max<std::size_t>(limits.connections, 1) - 1);
  }

  tl::expected<void, std::string> open(const Acceptor::Address& address) { return acceptor_.open(address); }

  void accept() {
    acceptor_.socket().async_accept([self = shared_from_this()](error_code error, Transport::Socket socket) {
      if (!self->acceptor_.socket().is_open()) return;
      if (error) {
        self->pause_then_accept();
        return;
      }
      self->adopt(std::move(socket));
      self->accept();
    });
  }

  void close() {
    acceptor_.close();
    pause_.cancel();
    // Not kept any longer: where `io` runs no more, each would keep us, and we it, for ever.
    for (const auto& connection : std::exchange(connections_, {})) connection->close();
  }

  net::Endpoint endpoint() const { return acceptor_.endpoint(); }
  std::string url() const {
    if (!acceptor_.path().empty()) return unix_url(acceptor_.path());
    return fmt::format("{}://{}", tls_ ? "https" : "http", net::to_string(endpoint()));
  }
  std::size_t connections() const { return connections_.size(); }
  const ServerCounters& counters() const { return house_->counters; }

 private:
  void pause_then_accept() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  void adopt(Transport::Socket socket) {
    ++house_->counters.accepted;
    if (connections_.size() >= house_->limits.connections) make_room();
    auto transport =
        tls_ ? tls_transport(std::move(socket), tls_->context(), TlsRole::server) : plain_transport(std::move(socket));
    auto connection = std::make_shared<Connection>(io_.get_executor(), std::move(transport), house_,
                                                   [weak = weak_from_this()](Connection& c) {
                                                     if (const auto self = weak.lock()) self->forget(c);
                                                   });
    connections_.push_back(connection);
    connection->start();
  }

  void make_room() {
    const auto oldest = std::ranges::min_element(connections_, {}, [](const auto& c) { return c->idle_since(); });
    ++house_->counters.evicted;
    (*oldest)->close();
    connections_.erase(oldest);
  }

  void forget(const Connection& ended) {
    std::erase_if(connections_, [&](const auto& c) { return c.get() == &ended; });
  }

  asio::io_context& io_;
  Acceptor acceptor_;
  asio::steady_timer pause_;
  const std::shared_ptr<Tls> tls_;
  const std::shared_ptr<House> house_;
  std::list<std::shared_ptr<Connection>> connections_;
};

tl::expected<Server, std::string> Server::listen(asio::io_context& io, const Listener& listener, Router router,
                                                 Limits limits) {
  auto inner = std::make_shared<Inner>(io, listener.tls, std::move(router), limits);
  if (const auto opened = inner->open(listener.address); !opened) return tl::unexpected(opened.error());
  inner->accept();
  return Server(std::move(inner));
}

Server::Server(std::shared_ptr<Inner> inner) : inner_(std::move(inner)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&& other) noexcept {
  if (inner_ && inner_ != other.inner_) inner_->close();
  inner_ = std::move(other.inner_);
  return *this;
}
Server::~Server() {
  if (inner_) inner_->close();
}
net::Endpoint Server::endpoint() const {
  return inner_->endpoint();
}
std::string Server::url() const {
  return inner_->url();
}
std::size_t Server::connections() const {
  return inner_->connections();
}
const ServerCounters& Server::counters() const {
  return inner_->counters();
}

}  // namespace penstock::control::http

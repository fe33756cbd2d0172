#include "control/http/acceptor.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstring>

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

tcp::endpoint to_asio(const net::Endpoint& e) {
  if (e.address.is_v4()) return {asio::ip::address_v4(e.address.v4_host_order()), e.port};
  return {asio::ip::address_v6(e.address.bytes), e.port};
}

tl::unexpected<std::string> cannot_listen(std::string_view where, const error_code& why) {
  return tl::unexpected(fmt::format("cannot listen for HTTP on {}: {}", where, why.message()));
}

// Somebody who listens takes the connection, or has a full queue.
bool somebody_answers(const std::string& path) {
  asio::io_context io;
  asio::local::stream_protocol::socket probe(io);
  error_code error;
  probe.open({}, error);
  if (!error) probe.non_blocking(true, error);
  if (!error) probe.connect(path, error);
  return error != asio::error::connection_refused;
}

// A process that was killed leaves its socket file behind; nothing else is ours to remove.
tl::expected<void, std::string> make_way(const std::string& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return tl::unexpected(
        fmt::format("cannot listen for HTTP on '{}': a file that is no socket is in its place", path));
  }
  if (somebody_answers(path)) {
    return tl::unexpected(fmt::format("cannot listen for HTTP on '{}': another process answers there", path));
  }
  unlink(path.c_str());
  return {};
}

}  // namespace

tl::expected<void, std::string> Acceptor::open(const Address& address) {
  if (const auto* endpoint = std::get_if<net::Endpoint>(&address)) return open_tcp(*endpoint);
  return open_unix(std::get<UnixAddress>(address));
}

tl::expected<void, std::string> Acceptor::open_tcp(const net::Endpoint& endpoint) {
  const tcp::endpoint local = to_asio(endpoint);
  error_code error;
  socket_.open(local.protocol(), error);
  if (!error) socket_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && local.protocol() == tcp::v6()) socket_.set_option(asio::ip::v6_only(true), error);
  if (!error) socket_.bind(local, error);
  if (!error) socket_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(net::to_string(endpoint), error);
  return {};
}

tl::expected<void, std::string> Acceptor::open_unix(const UnixAddress& address) {
  const std::string where = fmt::format("'{}'", address.path);
  if (address.path.empty() || address.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return tl::unexpected(fmt::format("cannot listen for HTTP on {}: the path of a Unix socket has 1 to {} bytes",
                                      where, sizeof(sockaddr_un::sun_path) - 1));
  }
  if (auto clear = make_way(address.path); !clear) return clear;
  error_code error;
  socket_.open(asio::local::stream_protocol(), error);
  if (error) return cannot_listen(where, error);
  // Linux makes the file with the socket's own mode, less the umask: it is never open to more than it shall be.
  fchmod(socket_.native_handle(), address.mode);
  socket_.bind(asio::local::stream_protocol::endpoint(address.path), error);
  if (error) return cannot_listen(where, error);
  struct stat made{};
  if (chmod(address.path.c_str(), address.mode) != 0 || lstat(address.path.c_str(), &made) != 0) {
    return cannot_listen(where, error_code(errno, boost::system::system_category()));
  }
  path_ = address.path;
  device_ = made.st_dev;
  inode_ = made.st_ino;
  socket_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(where, error);
  return {};
}

void Acceptor::close() {
  error_code ignored;
  socket_.close(ignored);
  if (path_.empty()) return;
  struct stat found{};
  const bool ours = lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
  if (ours) unlink(path_.c_str());
  path_.clear();
}

net::Endpoint Acceptor::endpoint() const {
  error_code error;
  const auto local = socket_.local_endpoint(error);
  if (error || local.protocol().family() == AF_UNIX) return {};
  tcp::endpoint tcp_local;
  tcp_local.resize(local.size());
  std::memcpy(tcp_local.data(), local.data(), local.size());
  if (tcp_local.address().is_v4()) return {net::Address::v4(tcp_local.address().to_v4().to_uint()), tcp_local.port()};
  return {net::Address{tcp_local.address().to_v6().to_bytes()}, tcp_local.port()};
}

}  // namespace penstock::control::http

#pragma once
// The bytes of one connection, in clear or through TLS, over TCP or a Unix socket. Private to control/http: it keeps
// asio's templates in one translation unit, and everybody else apart from what carries the bytes.

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>

#include "control/http/message.h"

namespace boost::asio::ssl {
class context;
}

namespace penstock::control::http {

/// At most one read and one write at a time. What is given stays valid until `done`, which is never called from within;
/// it is called, or destroyed, also after close().
class Transport {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Done = std::function<void(boost::system::error_code, std::size_t)>;
  using Gathered = std::array<boost::asio::const_buffer, 2>;

  virtual ~Transport() = default;
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, Done done) = 0;
  /// All of it.
  virtual void write(const Gathered& bytes, Done done) = 0;
  /// Says that nothing more will come: a FIN, and a close_notify before it.
  virtual void shutdown_send(Done done) = 0;
  virtual void close() = 0;
  /// What the kernel may hold of what the other side does not take.
  virtual void bound_send_buffer(int bytes) = 0;
  /// The other side; what a certificate says is known after the handshake.
  virtual Client client() const = 0;
};

enum class TlsRole : std::uint8_t { server, client };

std::shared_ptr<Transport> plain_transport(Transport::Socket socket);
/// `server_name`: what a client asks for (SNI); empty: nothing.
std::shared_ptr<Transport> tls_transport(Transport::Socket socket, std::shared_ptr<boost::asio::ssl::context> context,
                                         TlsRole role, const std::string& server_name = {});

}  // namespace penstock::control::http

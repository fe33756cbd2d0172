#include "control/http/transport.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = Transport::Socket;

Client client_of(const Socket& socket, Carrier carrier) {
  Client client{.carrier = carrier};
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return client;
  if (remote.protocol().family() == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, remote.data(), std::min(sizeof in, remote.size()));
    client.address = {net::Address::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  } else if (remote.protocol().family() == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, remote.data(), std::min(sizeof in, remote.size()));
    std::memcpy(client.address.address.bytes.data(), &in.sin6_addr, 16);
    client.address.port = ntohs(in.sin6_port);
  } else {
    client.carrier = Carrier::unix_socket;
  }
  return client;
}

std::string subject_of(SSL* ssl) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl), X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  if (!certificate || !text) return {};
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(std::max(size, 0L))};
}

void close_socket(Socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

void set_send_buffer(Socket& socket, int bytes) {
  error_code ignored;
  socket.set_option(asio::socket_base::send_buffer_size(bytes), ignored);
}

class Plain final : public Transport {
 public:
  explicit Plain(Socket socket) : socket_(std::move(socket)), client_(client_of(socket_, Carrier::tcp)) {}

  void handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void read_some(asio::mutable_buffer into, Done done) override { socket_.async_read_some(into, std::move(done)); }
  void write(const Gathered& bytes, Done done) override { asio::async_write(socket_, bytes, std::move(done)); }
  void shutdown_send(Done done) override {
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    asio::post(socket_.get_executor(), [done = std::move(done), error] { done(error, 0); });
  }
  void close() override { close_socket(socket_); }
  void bound_send_buffer(int bytes) override { set_send_buffer(socket_, bytes); }
  Client client() const override { return client_; }

 private:
  Socket socket_;
  const Client client_;
};

class Encrypted final : public Transport {
 public:
  // The SSL of a stream keeps its context alive by itself, whatever was loaded since.
  Encrypted(Socket socket, asio::ssl::context& context, TlsRole role, const std::string& server_name)
      : stream_(std::move(socket), context), role_(role), client_(client_of(stream_.next_layer(), Carrier::tls)) {
    if (server_name.empty()) return;
    SSL_set_tlsext_host_name(stream_.native_handle(), server_name.c_str());
  }

  void handshake(Done done) override {
    const auto type = role_ == TlsRole::server ? asio::ssl::stream_base::server : asio::ssl::stream_base::client;
    stream_.async_handshake(type, [this, done = std::move(done)](error_code error) {
      if (!error) client_.certificate_subject = subject_of(stream_.native_handle());
      done(error, 0);
    });
  }
  void read_some(asio::mutable_buffer into, Done done) override { stream_.async_read_some(into, std::move(done)); }
  void write(const Gathered& bytes, Done done) override { asio::async_write(stream_, bytes, std::move(done)); }
  void shutdown_send(Done done) override {
    stream_.async_shutdown([done = std::move(done)](error_code error) { done(error, 0); });
  }
  void close() override { close_socket(stream_.next_layer()); }
  void bound_send_buffer(int bytes) override { set_send_buffer(stream_.next_layer(), bytes); }
  Client client() const override { return client_; }

 private:
  asio::ssl::stream<Socket> stream_;
  const TlsRole role_;
  Client client_;
};

}  // namespace

std::shared_ptr<Transport> plain_transport(Socket socket) {
  return std::make_shared<Plain>(std::move(socket));
}

std::shared_ptr<Transport> tls_transport(Socket socket, std::shared_ptr<asio::ssl::context> context, TlsRole role,
                                         const std::string& server_name) {
  return std::make_shared<Encrypted>(std::move(socket), *context, role, server_name);
}

}  // namespace penstock::control::http

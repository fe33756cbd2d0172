#include "control/http/client.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "control/http/percent.h"
#include "control/http/transport.h"
#include "control/http/url.h"

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kMaxBody = 64U << 20;
constexpr std::size_t kReadBytes = 16'384;

std::string request_text(const Call& call, const Url& url) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: penstockctl\r\nConnection: close\r\n",
                                 call.method, url.target, url.authority());
  if (!call.bearer_token.empty()) text += fmt::format("Authorization: Bearer {}\r\n", call.bearer_token);
  if (!call.body.empty()) text += fmt::format("Content-Type: {}\r\n", call.content_type);
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
    text += fmt::format("Content-Length: {}\r\n", call.body.size());
  }
  for (const auto& [name, value] : call.headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n" + call.body;
}

/// One request and its answer, step by step, all within one span of time.
class Exchange {
 public:
  explicit Exchange(std::chrono::milliseconds timeout) : deadline_(std::chrono::steady_clock::now() + timeout) {}

  error_code connect(const Url& url, const ClientTls& tls) {
    error_code error;
    auto socket = url.scheme == Url::Scheme::http_unix ? connect_unix(url, error) : connect_tcp(url, error);
    if (error) return error;
    if (url.scheme != Url::Scheme::https) {
      transport_ = plain_transport(std::move(socket));
      return {};
    }
    const auto context = make_context(url, tls, error);
    if (error) return error;
    error_code is_name;  // an address is not sent as server name (RFC 6066 section 3)
    asio::ip::make_address(url.host, is_name);
    transport_ = tls_transport(std::move(socket), context, TlsRole::client, is_name ? url.host : "");
    return wait([&](auto done) { transport_->handshake(done); });
  }

  error_code say(const std::string& text) {
    const Transport::Gathered bytes{asio::buffer(text)};
    return wait([&](auto done) { transport_->write(bytes, done); });
  }

  tl::expected<Response, error_code> hear(bool head_only) {
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(kMaxBody);
    parser.eager(true);
    parser.skip(head_only);
    if (const auto error = read(parser)) return tl::unexpected(error);
    if (parser.get().result() == bhttp::status::continue_) return hear(head_only);
    auto message = parser.release();
    Response response{message.result_int(), std::string(message[bhttp::field::content_type]),
                      std::move(message.body())};
    for (const auto& f : message) response.headers.add(std::string(f.name_string()), std::string(f.value()));
    return response;
  }

 private:
  template <typename Start>
  error_code wait(Start start) {
    error_code result = asio::error::timed_out;
    bool ended = false;
    start([&](error_code error, std::size_t bytes) {
      ended = true;
      result = error;
      transferred_ = bytes;
    });
    io_.restart();
    while (!ended && io_.run_one_until(deadline_) > 0) {
    }
    if (ended) return result;
    // Nothing of the step may run any more, for it refers to what is here.
    if (transport_) transport_->close();
    while (!ended && io_.run_one() > 0) {
    }
    return asio::error::timed_out;
  }

  Transport::Socket connect_tcp(const Url& url, error_code& error) {
    tcp::socket socket(io_);
    const auto addresses = tcp::resolver(io_).resolve(url.host, url.port, error);
    if (error) return socket;
    bool ended = false;
    asio::async_connect(socket, addresses, [&](error_code why, const tcp::endpoint&) {
      error = why;
      ended = true;
    });
    io_.restart();
    while (!ended && io_.run_one_until(deadline_) > 0) {
    }
    if (ended) return socket;
    error_code ignored;
    socket.close(ignored);
    while (!ended && io_.run_one() > 0) {
    }
    error = asio::error::timed_out;
    return socket;
  }

  // Connecting to a Unix socket does not wait for anybody but a full queue.
  Transport::Socket connect_unix(const Url& url, error_code& error) {
    asio::local::stream_protocol::socket socket(io_);
    if (url.host.size() >= sizeof(sockaddr_un::sun_path)) {
      error = asio::error::name_too_long;
    } else {
      socket.open({}, error);
      if (!error) socket.non_blocking(true, error);
      if (!error) socket.connect(url.host, error);
    }
    return socket;
  }

  std::shared_ptr<asio::ssl::context> make_context(const Url& url, const ClientTls& tls, error_code& error) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(asio::ssl::verify_peer);
    context->set_verify_callback(asio::ssl::host_name_verification(url.host));
    if (tls.ca_file.empty()) {
      context->set_default_verify_paths(error);
    } else {
      context->load_verify_file(tls.ca_file, error);
    }
    if (!error && !tls.certificate.empty()) {
      context->use_certificate_chain_file(tls.certificate, error);
      if (!error) context->use_private_key_file(tls.key, asio::ssl::context::pem, error);
    }
    return context;
  }

  error_code read(bhttp::response_parser<bhttp::string_body>& parser) {
    for (;;) {
      while (buffer_.size() > 0 && !parser.is_done()) {
        error_code error;
        const std::size_t used = parser.put(buffer_.data(), error);
        buffer_.consume(used);
        if (error == bhttp::error::need_more) break;
        if (error) return error;
      }
      if (parser.is_done()) return {};
      const auto room = buffer_.prepare(kReadBytes);
      const error_code error = wait([&](auto done) { transport_->read_some(room, done); });
      if (!error) {
        buffer_.commit(transferred_);
        continue;
      }
      // The end of the connection may be the end of the body, but not of half a response.
      error_code incomplete = error;
      if (error == asio::error::eof && parser.got_some()) parser.put_eof(incomplete);
      return incomplete;
    }
  }

  const std::chrono::steady_clock::time_point deadline_;
  asio::io_context io_;
  std::shared_ptr<Transport> transport_;
  boost::beast::flat_buffer buffer_;
  std::size_t transferred_ = 0;
};

}  // namespace

tl::expected<Response, std::string> send(const Call& call, std::chrono::milliseconds timeout, const ClientTls& tls) {
  const auto url = parse_url(call.url);
  if (!url) return tl::unexpected(url.error());
  const auto no_answer = [&](std::string_view why) {
    return tl::unexpected(fmt::format("no answer from {}: {}", call.url, why));
  };
  try {
    Exchange exchange(timeout);
    if (const auto error = exchange.connect(*url, tls)) return no_answer(error.message());
    // A server that refuses early stops reading; what it said is worth more than the broken pipe.
    const auto unsaid = exchange.say(request_text(call, *url));
    auto response = exchange.hear(call.method == "HEAD");
    if (!response) return no_answer((unsaid ? unsaid : response.error()).message());
    return std::move(*response);
  } catch (const std::exception& error) {
    return no_answer(error.what());
  }
}

std::string unix_url(std::string_view socket_path) {
  return "http+unix://" + percent_encode(socket_path);
}

}  // namespace penstock::control::http

#include "control/http/client.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

constexpr std::uint64_t kMaxBody = 64U << 20;

struct Url {
  std::string host, port, target;
};

std::optional<Url> split(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const auto slash = url.find('/');
  std::string_view authority = url.substr(0, slash);
  Url parts{"", "80", slash == std::string_view::npos ? "/" : std::string(url.substr(slash))};
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    parts.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  parts.host = authority;
  if (parts.host.empty() || parts.port.empty()) return std::nullopt;
  return parts;
}

class Exchange {
 public:
  explicit Exchange(const Url& url) : stream_(io_), request_(bhttp::verb::get, url.target, 11) {
    request_.set(bhttp::field::host, url.host);
    request_.set(bhttp::field::user_agent, "penstockctl");
    parser_.body_limit(kMaxBody);
  }

  // Each step starts the next one; the first error ends it.
  beast::error_code run(const tcp::resolver::results_type& addresses, std::chrono::milliseconds timeout) {
    stream_.expires_after(timeout);
    stream_.async_connect(addresses, [&](beast::error_code error, const tcp::endpoint&) {
      if (done(error)) return;
      bhttp::async_write(stream_, request_, [&](beast::error_code write_error, std::size_t) {
        if (done(write_error)) return;
        bhttp::async_read(stream_, buffer_, parser_,
                          [&](beast::error_code read_error, std::size_t) { done(read_error); });
      });
    });
    io_.run();
    return result_;
  }

  Response response() {
    const auto& message = parser_.get();
    return {message.result_int(), std::string(message[bhttp::field::content_type]), message.body(), {}};
  }

  asio::io_context& io() { return io_; }

 private:
  bool done(beast::error_code error) {
    result_ = error;
    return bool(error);
  }

  asio::io_context io_;
  beast::tcp_stream stream_;
  bhttp::request<bhttp::empty_body> request_;
  bhttp::response_parser<bhttp::string_body> parser_;
  beast::flat_buffer buffer_;
  beast::error_code result_;
};

}  // namespace

tl::expected<Response, std::string> get(std::string_view url, std::chrono::milliseconds timeout) {
  const auto parts = split(url);
  if (!parts) return tl::unexpected(fmt::format("'{}' is not an http:// address", url));
  Exchange exchange(*parts);
  beast::error_code error;
  const auto addresses = tcp::resolver(exchange.io()).resolve(parts->host, parts->port, error);
  if (!error) error = exchange.run(addresses, timeout);
  if (error) return tl::unexpected(fmt::format("no answer from {}: {}", url, error.message()));
  return exchange.response();
}

}  // namespace penstock::control::http

#include "bench/load/sfu/rooms/api_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>

#include "control/http/url.h"

namespace penstock::load::sfu {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using nlohmann::json;

constexpr timeval kTimeout{10, 0};
constexpr std::uint64_t kMostBody = 64u << 20;
constexpr int kVersion = 11;

using Request = bhttp::request<bhttp::string_body>;
using Response = bhttp::response<bhttp::string_body>;

}  // namespace

struct ApiClient::Connection {
  explicit Connection(control::http::Url url) : where(std::move(url)), socket(io) {}

  error_code open() {
    buffer.clear();
    const error_code error = where.scheme == control::http::Url::Scheme::http_unix ? open_unix() : open_tcp();
    if (error) return error;
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
    return {};
  }

  error_code open_tcp() {
    error_code error;
    tcp::socket stream(io);
    const auto addresses = tcp::resolver(io).resolve(where.host, where.port, error);
    if (!error) asio::connect(stream, addresses, error);
    if (!error) stream.set_option(tcp::no_delay(true), error);
    if (!error) socket = std::move(stream);
    return error;
  }

  error_code open_unix() {
    error_code error;
    if (where.host.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
    asio::local::stream_protocol::socket stream(io);
    stream.connect(where.host, error);
    if (!error) socket = std::move(stream);
    return error;
  }

  error_code exchange(Request& request, Response& response) {
    error_code error;
    bhttp::write(socket, request, error);
    if (error) return error;
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(kMostBody);
    bhttp::read(socket, buffer, parser, error);
    if (error) return error;
    response = parser.release();
    if (!response.keep_alive()) socket.close(error);
    return {};
  }

  control::http::Url where;
  asio::io_context io;
  asio::generic::stream_protocol::socket socket;
  boost::beast::flat_buffer buffer;
};

ApiClient::ApiClient(std::string base, std::unique_ptr<Connection> connection)
    : base_(std::move(base)), connection_(std::move(connection)) {}
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient& ApiClient::operator=(ApiClient&&) noexcept = default;
ApiClient::~ApiClient() = default;

tl::expected<ApiClient, std::string> ApiClient::create(const std::string& base) {
  auto url = control::http::parse_url(base);
  if (!url) return tl::unexpected(url.error());
  if (url->scheme == control::http::Url::Scheme::https) {
    return tl::unexpected(fmt::format("'{}': the API is programmed over http:// and http+unix:// only", base));
  }
  return ApiClient(base, std::make_unique<Connection>(std::move(*url)));
}

tl::expected<json, std::string> ApiClient::call(std::string_view method, const std::string& path, const json* body) {
  Request request{bhttp::string_to_verb(boost::core::string_view(method.data(), method.size())), path, kVersion};
  request.set(bhttp::field::host,
              connection_->where.host.starts_with('/') ? "localhost" : connection_->where.authority());
  if (body != nullptr) {
    request.set(bhttp::field::content_type, "application/json");
    request.body() = body->dump();
  }
  request.prepare_payload();
  Response response;
  error_code error = asio::error::not_connected;
  for (int attempt = 0; attempt < 2 && error; ++attempt) {
    if (!connection_->socket.is_open()) error = connection_->open();
    if (connection_->socket.is_open()) error = connection_->exchange(request, response);
    if (error) connection_->socket.close();
  }
  if (error) return tl::unexpected(fmt::format("{} {}{}: {}", method, base_, path, error.message()));
  json answer = json::parse(response.body(), nullptr, false);
  if (response.result_int() / 100 == 2) return answer.is_discarded() ? json() : answer;
  const bool told = answer.is_object() && answer.contains("detail");
  return tl::unexpected(fmt::format("{} {}: {} {}{}", method, path, response.result_int(),
                                    told ? answer["detail"].dump() : response.body(),
                                    told && answer.contains("field") ? " at " + answer["field"].dump() : ""));
}

}  // namespace penstock::load::sfu

#include "control/http/connection.h"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace penstock::control::http {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

Request to_request(const bhttp::request<bhttp::string_body>& message) {
  const std::string target(message.target());
  const auto query = target.find('?');
  return {std::string(message.method_string()), target.substr(0, query),
          query == std::string::npos ? "" : target.substr(query + 1), message.body()};
}

// What to tell a client whose bytes are no request; 0: nothing, it is gone or too slow.
unsigned status_for(beast::error_code error) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) return 431;
  if (error == bhttp::error::body_limit) return 413;
  if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return 0;
  static const beast::error_category& kHttp = bhttp::make_error_code(bhttp::error::bad_method).category();
  return error.category() == kHttp ? 400 : 0;
}

}  // namespace

Connection::Connection(boost::asio::ip::tcp::socket socket, const Router& router, const Limits& limits, Ended ended)
    : stream_(std::move(socket)),
      router_(router),
      limits_(limits),
      ended_(std::move(ended)),
      buffer_(limits.header_bytes + limits.body_bytes) {}

void Connection::read() {
  parser_.emplace();
  parser_->header_limit(limits_.header_bytes);
  parser_->body_limit(limits_.body_bytes);
  stream_.expires_after(limits_.request_timeout);
  bhttp::async_read(stream_, buffer_, *parser_,
                    [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
}

void Connection::on_read(beast::error_code error) {
  if (!error) {
    const auto& message = parser_->get();
    respond(router_.answer(to_request(message)), message.version(), message.keep_alive(),
            message.method() == bhttp::verb::head);
  } else if (const unsigned status = status_for(error)) {
    respond({.status = status, .body = "not a request\n"}, 11, false, false);
  } else {
    finish();
  }
}

void Connection::respond(Response&& response, unsigned version, bool keep_alive, bool head) {
  response_ = {};
  response_.result(response.status);
  response_.version(version);
  response_.set(bhttp::field::content_type, response.content_type);
  response_.set(bhttp::field::cache_control, "no-store");
  response_.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) response_.set(name, value);
  response_.keep_alive(keep_alive);
  response_.content_length(response.body.size());
  if (!head) response_.body() = std::move(response.body);
  stream_.expires_after(limits_.response_timeout);
  bhttp::async_write(stream_, response_, [self = shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
    self->on_written(error, keep_alive);
  });
}

void Connection::on_written(beast::error_code error, bool keep_alive) {
  idle_since_ = std::chrono::steady_clock::now();
  if (error || !keep_alive) {
    finish();
  } else {
    read();
  }
}

void Connection::finish() {
  beast::error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  close();
  if (ended_) std::exchange(ended_, nullptr)(*this);
}

void Connection::close() {
  stream_.close();
}

}  // namespace penstock::control::http

#include "control/http/connection.h"

#include "control/http/problem.h"
#include "control/http/request_of.h"
#include "control/http/response_head.h"

namespace penstock::control::http {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 16'384;
// After the last response: what a client may still be sending is read and forgotten, so that the kernel does not reset
// the connection before the client has read the response (RFC 9112 section 9.6).
constexpr std::size_t kDrainBytes = 262'144;
constexpr std::chrono::milliseconds kDrainTime{1000};

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// What to tell a client whose bytes are no request.
unsigned status_for(error_code error) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) return 431;
  if (error == bhttp::error::body_limit) return 413;
  return 400;
}

}  // namespace

Connection::Connection(asio::any_io_executor executor, std::shared_ptr<Transport> transport,
                       std::shared_ptr<House> house, Ended ended)
    : deadline_(std::move(executor)),
      transport_(std::move(transport)),
      house_(std::move(house)),
      ended_(std::move(ended)) {}

void Connection::start() {
  expect(house_->limits.request_timeout);
  transport_->handshake([self = shared_from_this()](error_code error, std::size_t) {
    self->secured_ = !error;
    if (!error) return self->read_request();
    ++self->house_->counters.handshake_failed;
    self->finish();
  });
}

void Connection::expect(std::chrono::milliseconds within) {
  deadline_.expires_after(within);
  deadline_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && self->deadline_.expiry() <= Clock::now()) self->on_deadline();
  });
}

void Connection::on_deadline() {
  const bool idle = !parser_ || (!parser_->got_some() && buffer_.size() == 0 && head_.empty() && !waiting_);
  if (secured_ && !idle) ++house_->counters.timed_out;
  finish();
}

void Connection::read_request() {
  parser_.emplace();
  parser_->header_limit(house_->limits.header_bytes);
  parser_->body_limit(house_->limits.body_bytes);
  parser_->eager(true);
  continued_ = false;
  expect(house_->limits.request_timeout);
  parse();
}

void Connection::parse() {
  while (buffer_.size() > 0) {
    error_code error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (error == bhttp::error::need_more) break;
    if (error) return refuse(error);
    if (parser_->is_done()) return on_request();
    if (used == 0) break;
  }
  if (buffer_.size() >= house_->limits.header_bytes + kReadBytes) return refuse(431, "the header is too long");
  if (continue_wanted()) return say_continue();
  read_more();
}

void Connection::read_more() {
  transport_->read_some(buffer_.prepare(kReadBytes),
                        [self = shared_from_this()](error_code error, std::size_t n) { self->on_read(error, n); });
}

void Connection::on_read(error_code error, std::size_t bytes) {
  if (error) return finish();
  buffer_.commit(bytes);
  parse();
}

bool Connection::continue_wanted() {
  return !continued_ && parser_->is_header_done() && parser_->get().version() == 11 &&
         boost::beast::iequals(parser_->get()[bhttp::field::expect], "100-continue");
}

void Connection::say_continue() {
  continued_ = true;
  transport_->write({asio::buffer(kContinue)}, [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->finish();
    self->read_more();
  });
}

void Connection::on_request() {
  const auto& message = parser_->get();
  version_ = message.version() == 10 ? 10 : 11;
  keep_alive_ = message.keep_alive();
  head_only_ = message.method() == bhttp::verb::head;
  auto request = request_of(parser_->release(), transport_->client());
  if (!request) return refuse(request.error().status, request.error().detail);
  ++house_->counters.requests;
  ++requests_;
  respond(house_->router.answer(std::move(*request)));
}

void Connection::refuse(error_code error) {
  refuse(status_for(error), "the request is malformed or too large: " + error.message());
}

void Connection::refuse(unsigned status, std::string detail) {
  ++house_->counters.malformed;
  keep_alive_ = false;
  respond(problem(status, std::move(detail)));
}

void Connection::respond(Response&& response) {
  if (response.later) return begin_waiting(std::move(response));
  if (response.stream && !head_only_) return begin_stream(std::move(response));
  if (response.stream) response.content_type = "text/event-stream";
  const std::size_t length = response.body.size();
  head_ = response_head(response, {version_, keep_alive_, response.stream ? std::nullopt : std::optional(length)});
  body_ = head_only_ ? "" : std::move(response.body);
  expect(house_->limits.response_timeout);
  transport_->write({asio::buffer(head_), asio::buffer(body_)},
                    [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void Connection::begin_stream(Response&& response) {
  if (house_->open_streams >= house_->limits.streams) {
    ++house_->counters.streams_refused;
    return respond(problem(503, "too many event streams are open; close one, or come back later"));
  }
  ++house_->open_streams;
  ++house_->counters.streams;
  deadline_.cancel();
  response.content_type = "text/event-stream";
  response.headers.set("X-Accel-Buffering", "no");  // or nginx would keep events to itself
  stream_ = std::make_shared<StreamWriter>(deadline_.get_executor(), transport_, house_->limits, version_ == 11,
                                           [self = shared_from_this()](StreamWriter::End how) {
                                             if (how == StreamWriter::End::slow) ++self->house_->counters.streams_slow;
                                             self->finish();
                                           });
  stream_->start(response_head(response, {version_, false, std::nullopt}));
  try {
    response.stream(stream_->handle());
  } catch (...) {
    finish();  // what a handler threw ends its client's stream, not the server
  }
}

void Connection::begin_waiting(Response&& response) {
  waiting_ = true;
  expect(house_->limits.response_timeout);
  const auto later = std::move(response.later);
  try {
    later([weak = weak_from_this(), request = requests_, added = std::move(response.headers)](Response reply) {
      if (const auto self = weak.lock()) self->on_reply(request, added, std::move(reply));
    });
  } catch (...) {
    finish();
  }
}

void Connection::on_reply(std::uint64_t request, const Headers& added, Response&& response) {
  if (!waiting_ || request != requests_ || response.later) return;
  waiting_ = false;
  for (const auto& [name, value] : added) response.headers.add(name, value);
  respond(std::move(response));
}

void Connection::on_written(error_code error) {
  idle_since_ = Clock::now();
  head_.clear();
  body_ = {};
  if (error) return finish();
  if (keep_alive_) return read_request();
  linger();
}

void Connection::linger() {
  expect(kDrainTime);
  parser_.reset();
  buffer_.clear();
  transport_->shutdown_send([self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->finish();
    self->drain();
  });
}

void Connection::drain() {
  transport_->read_some(buffer_.prepare(kReadBytes), [self = shared_from_this()](error_code error, std::size_t n) {
    self->drained_ += n;
    if (error || self->drained_ > kDrainBytes) return self->finish();
    self->drain();
  });
}

void Connection::finish() {
  close();
  if (ended_) std::exchange(ended_, nullptr)(*this);
}

void Connection::close() {
  waiting_ = false;
  deadline_.cancel();
  transport_->close();
  if (!stream_) return;
  --house_->open_streams;
  std::exchange(stream_, nullptr)->abandon();
}

}  // namespace penstock::control::http

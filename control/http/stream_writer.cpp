#include "control/http/stream_writer.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

namespace penstock::control::http {
namespace {

using boost::system::error_code;

constexpr std::string_view kHeartbeat = ":\n\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

class StreamWriter::Handle final : public EventStream {
 public:
  explicit Handle(std::weak_ptr<StreamWriter> writer) : writer_(std::move(writer)) {}

  bool send(std::string_view wire) override {
    const auto writer = writer_.lock();
    return writer && writer->send(wire);
  }
  bool open() const override {
    const auto writer = writer_.lock();
    return writer && writer->open_;
  }
  std::size_t backlog_bytes() const override {
    const auto writer = writer_.lock();
    return writer ? writer->backlog_bytes() : 0;
  }
  void on_drained(std::function<void()> drained) override {
    if (const auto writer = writer_.lock()) writer->drained_ = std::move(drained);
  }
  void close() override {
    if (const auto writer = writer_.lock()) writer->close();
  }
  void on_closed(std::function<void()> closed) override {
    if (const auto writer = writer_.lock()) writer->closed_ = std::move(closed);
  }

 private:
  std::weak_ptr<StreamWriter> writer_;
};

std::shared_ptr<EventStream> StreamWriter::handle() {
  return std::make_shared<Handle>(weak_from_this());
}

StreamWriter::StreamWriter(const boost::asio::any_io_executor& executor, std::shared_ptr<Transport> transport,
                           const Limits& limits, bool chunked, Ended ended)
    : transport_(std::move(transport)),
      limits_(limits),
      chunked_(chunked),
      ended_(std::move(ended)),
      stall_(executor),
      heartbeat_(executor) {}

void StreamWriter::start(std::string head) {
  // Without it the kernel would keep megabytes for a client that does not read.
  transport_->bound_send_buffer(static_cast<int>(limits_.stream_backlog_bytes / 2));
  waiting_ = std::move(head);
  write();
  watch();
  beat();
}

bool StreamWriter::send(std::string_view wire) {
  if (!open_) return false;
  if (wire.empty()) return true;
  if (backlog_bytes() + wire.size() > limits_.stream_backlog_bytes) {
    end(End::slow);
    return false;
  }
  append(wire);
  if (writing_.empty()) write();
  return true;
}

void StreamWriter::append(std::string_view wire) {
  if (chunked_) {
    fmt::format_to(std::back_inserter(waiting_), "{:x}\r\n{}\r\n", wire.size(), wire);
  } else {
    waiting_ += wire;
  }
}

// All that waits goes out at once; what comes meanwhile waits for the next write.
void StreamWriter::write() {
  std::swap(waiting_, writing_);
  stall_.expires_after(limits_.stream_stall);
  stall_.async_wait([self = shared_from_this()](error_code error) {
    const bool over = self->stall_.expiry() <= std::chrono::steady_clock::now();
    if (!error && over && !self->writing_.empty()) self->end(End::slow);
  });
  const Transport::Gathered bytes{boost::asio::buffer(writing_), boost::asio::const_buffer()};
  transport_->write(bytes, [self = shared_from_this()](error_code error, std::size_t) {
    self->writing_.clear();
    self->stall_.cancel();
    if (error) return self->end(End::gone);
    if (!self->waiting_.empty()) return self->write();
    if (self->closing_) return self->end(End::closed);
    if (self->open_ && self->drained_) self->drained_();
  });
}

void StreamWriter::watch() {
  transport_->read_some(boost::asio::buffer(ignored_), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->end(End::gone);
    self->watch();
  });
}

void StreamWriter::beat() {
  heartbeat_.expires_after(limits_.stream_heartbeat);
  heartbeat_.async_wait([self = shared_from_this()](error_code error) {
    if (error || !self->open_) return;
    if (self->writing_.empty()) self->send(kHeartbeat);
    self->beat();
  });
}

void StreamWriter::close() {
  if (!open_) return;
  open_ = false;
  closing_ = true;
  closed_ = nullptr;
  drained_ = nullptr;
  heartbeat_.cancel();
  if (chunked_) waiting_ += kLastChunk;
  if (!writing_.empty()) return;
  if (!waiting_.empty()) return write();
  end(End::closed);
}

void StreamWriter::abandon() {
  open_ = false;
  ended_ = nullptr;
  closed_ = nullptr;
  drained_ = nullptr;
  stall_.cancel();
  heartbeat_.cancel();
}

// Later, so that whoever called send() is not called back by it.
void StreamWriter::end(End how) {
  open_ = false;
  stall_.cancel();
  heartbeat_.cancel();
  boost::asio::post(stall_.get_executor(), [self = shared_from_this(), how] {
    self->drained_ = nullptr;
    const auto closed = std::exchange(self->closed_, nullptr);
    const auto ended = std::exchange(self->ended_, nullptr);
    if (ended) ended(how);
    if (closed) closed();
  });
}

}  // namespace penstock::control::http

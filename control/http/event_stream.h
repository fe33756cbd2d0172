#pragma once
// Server-sent events to one client (WHATWG HTML section 9.2).

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace penstock::control::http {

struct Event {
  std::string_view type{};  ///< no line breaks; empty: "message", as EventSource calls it
  std::string_view data{};  ///< any text; its lines become one "data:" field each
  std::string_view id{};    ///< no line breaks; empty: the client's last id stays
};

/// As it goes over the wire, its empty line included.
std::string to_wire(const Event& event);

/// The server's end of a stream. All of it on the thread of the server's io_context. Never blocks: what the client does
/// not take is kept, up to Limits::stream_backlog_bytes and Limits::stream_stall, then the stream is closed and counted
/// as slow. Heartbeats (comments) are the server's business.
class EventStream {
 public:
  virtual ~EventStream() = default;

  /// False, and nothing is kept, once the stream is over; a client that lost an event this way comes back with
  /// Last-Event-ID.
  virtual bool send(std::string_view wire) = 0;
  bool send(const Event& event) { return send(to_wire(event)); }
  virtual bool open() const = 0;
  /// What the client has not taken yet.
  virtual std::size_t backlog_bytes() const = 0;
  /// `drained` is called whenever the client has taken everything: time to send what was held back. Never from within
  /// send().
  virtual void on_drained(std::function<void()> drained) = 0;
  /// Ends it after what was sent so far; on_closed is not called.
  virtual void close() = 0;
  /// `closed` is called once, when the client went away or was too slow. Never from within send(), and not by the end
  /// of the server, after which the stream is just not open.
  virtual void on_closed(std::function<void()> closed) = 0;
};

}  // namespace penstock::control::http

#include <algorithm>
#include <memory>

#include "control/api/answers.h"
#include "control/api/routes.h"
#include "control/api/views.h"
#include "control/http/event_stream.h"

namespace penstock::control::api {
namespace {

using http::EventStream;
using http::Request;
using http::Response;
using rooms::Resumption;

// Of one listener in one turn of control's loop: the rest comes when it has taken that.
constexpr std::size_t kMostBytesPerTurn = 65'536;

/// An event as it goes over the wire, which is the same for everybody: made once for all who are up to date.
class Wire {
 public:
  explicit Wire(const rooms::EventHistory& history) : history_(history) {}

  const std::string& of(const rooms::Event& event) {
    if (event.number == number_) return text_;
    const std::string data = to_json(event).dump(-1, ' ', false, Json::error_handler_t::replace);
    text_ = http::to_wire({.type = name(event.type), .data = data, .id = history_.id(event.number)});
    number_ = event.number;
    return text_;
  }

 private:
  const rooms::EventHistory& history_;
  std::uint64_t number_ = 0;  // events' begin with 1
  std::string text_;
};

/// One who listens. What it has not taken stays in the model's history, not in a queue of its own; when the history has
/// forgotten it, the listener is told to read the model again.
class Subscriber : public std::enable_shared_from_this<Subscriber> {
 public:
  Subscriber(rooms::EventHistory& history, std::shared_ptr<Wire> wire, std::shared_ptr<EventStream> stream,
             std::string room, std::size_t most)
      : history_(history),
        wire_(std::move(wire)),
        stream_(std::move(stream)),
        room_(std::move(room)),
        most_bytes_(std::min(most / 2, kMostBytesPerTurn)) {}

  /// `last_id`: as the client says; empty: from now on.
  void begin(const std::string& last_id) {
    // The stream keeps us, and nobody else does.
    stream_->on_closed([self = shared_from_this()] { self->ticket_.reset(); });
    stream_->on_drained([self = shared_from_this()] { self->catch_up(); });
    ticket_ = history_.listen([weak = weak_from_this()](const rooms::Event& event) {
      if (const auto self = weak.lock()) self->on_event(event);
    });
    sent_ = history_.latest();
    if (last_id.empty()) return say("hello", "");
    const Resumption resumption = history_.replay(last_id, [this](const rooms::Event& e) { replay(e); });
    if (resumption != Resumption::complete) reset(resumption);
  }

 private:
  // The first event of a replay says where it begins.
  void replay(const rooms::Event& event) {
    if (!replaying_) sent_ = event.number - 1;
    replaying_ = true;
    offer(event);
  }

  void on_event(const rooms::Event& event) { offer(event); }

  // In order, without gaps: what does not fit now is read from the history when there is room again.
  void offer(const rooms::Event& event) {
    if (event.number != sent_ + 1 || stream_->backlog_bytes() > most_bytes_) return;
    if (!room_.empty() && event.room != room_) {
      sent_ = event.number;
      return;
    }
    if (stream_->send(std::string_view(wire_->of(event)))) sent_ = event.number;
  }

  void catch_up() {
    if (sent_ == history_.latest()) return;
    const auto resumption = history_.replay(history_.id(sent_), [this](const rooms::Event& event) { offer(event); });
    if (resumption != Resumption::complete) reset(resumption);
  }

  void reset(Resumption why) {
    sent_ = history_.latest();
    say("reset", why == Resumption::gap ? "events were missed: read the model again"
                                        : "another epoch: read the model again, and program what is missing");
  }

  void say(std::string_view type, std::string_view reason) {
    Json json = {{"type", type}, {"epoch", history_.epoch()}};
    if (!reason.empty()) json["reason"] = reason;
    stream_->send({.type = type, .data = json.dump(), .id = history_.id(sent_)});
  }

  rooms::EventHistory& history_;
  const std::shared_ptr<Wire> wire_;
  const std::shared_ptr<EventStream> stream_;
  const std::string room_;  // only events of it; empty: all
  const std::size_t most_bytes_;
  rooms::EventHistory::Ticket ticket_;
  std::uint64_t sent_ = 0;  // the last event that was written, or passed over
  bool replaying_ = false;
};

}  // namespace

void add_event_route(http::Router& router, rooms::Rooms& rooms, std::size_t backlog_bytes) {
  const auto wire = std::make_shared<Wire>(rooms.events());
  router.add("GET", "/v1/events", [&rooms, wire, backlog_bytes](const Request& request) {
    // EventSource sends the header; a first connection of another client may say it in the query.
    const auto header = request.header("last-event-id");
    const std::string last_id = header ? std::string(*header) : request.query_parameter("last_event_id").value_or("");
    const std::string room = request.query_parameter("room").value_or("");
    return Response{.stream = [&rooms, wire, last_id, room, backlog_bytes](std::shared_ptr<EventStream> stream) {
      std::make_shared<Subscriber>(rooms.events(), wire, std::move(stream), room, backlog_bytes)->begin(last_id);
    }};
  });
}

}  // namespace penstock::control::api

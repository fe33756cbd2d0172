#pragma once
// Rooms on the control thread: the model joined to the workers, to the handshake threads, and to those who program it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/config/config.h"
#include "control/dtls/handshakes.h"
#include "control/log/log.h"
#include "control/relay/media_plane.h"
#include "control/relay/relay.h"
#include "control/rooms/rooms.h"

namespace penstock::control {

class MediaControl {
 public:
  /// Starts the handshake threads; before the workers run, whose lanes these wait on. Everything given outlives this
  /// object, and the workers end before it. The error is a sentence that says what to do.
  /// `busy_share`: see rooms::Options.
  static tl::expected<std::unique_ptr<MediaControl>, std::string> create(
      boost::asio::io_context& io, const Config& config, MediaPlane& plane, Relay& relay,
      std::function<double(std::uint16_t)> busy_share, Log& log);
  ~MediaControl();

  /// Begins to look after the rooms whenever `io` runs.
  void start();

  /// Where media is taken, as others reach it.
  std::vector<std::string> addresses() const;
  rooms::Rooms& rooms() { return *rooms_; }
  const rooms::Rooms& rooms() const { return *rooms_; }
  const dtls::Handshakes& handshakes() const { return *handshakes_; }

 private:
  class Updates;
  class Peers;

  MediaControl(boost::asio::io_context& io, MediaPlane& plane, Log& log);
  tl::expected<void, std::string> start_handshakes(const MediaSection& media, Relay& relay);
  void make_rooms(const Config& config, Relay& relay, std::function<double(std::uint16_t)> busy_share);
  void on_report(dtls::Report& report);
  void tick();
  void wait(std::chrono::milliseconds time);

  boost::asio::io_context& io_;
  MediaPlane& plane_;
  Log& log_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<dtls::Handshakes> handshakes_;
  std::unique_ptr<Updates> updates_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<rooms::Rooms> rooms_;
  rooms::EventHistory::Ticket ticket_;
  bool idle_ = false;
  std::shared_ptr<MediaControl*> self_;  ///< what reports that are under way look at
};

}  // namespace penstock::control

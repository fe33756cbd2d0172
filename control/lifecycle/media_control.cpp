#include "control/lifecycle/media_control.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "control/dtls/certificate.h"

namespace penstock::control {
namespace {

using namespace std::chrono_literals;

// What the workers report becomes events within this; and when there is nothing to report on.
constexpr auto kTick = 20ms;
constexpr auto kIdleTick = 500ms;

tl::expected<dtls::Certificate, std::string> certificate_of(const MediaSection& media) {
  return media.certificate.empty() ? dtls::Certificate::generate()
                                   : dtls::Certificate::load(media.certificate, media.key);
}

}  // namespace

/// Updates leave by the courier's mail, which keeps order and loses nothing.
class MediaControl::Updates final : public rooms::UpdateSink {
 public:
  Updates(Relay& relay, const MediaPlane& plane) : relay_(relay), plane_(plane) {}

  void post(std::uint16_t worker, const sfu::Update* update) override { relay_.post(worker, sfu::message(update)); }
  std::uint64_t applied(std::uint16_t worker) const override { return plane_.service(worker)->applied(); }

 private:
  Relay& relay_;
  const MediaPlane& plane_;
};

class MediaControl::Peers final : public rooms::Handshaker {
 public:
  explicit Peers(dtls::Handshakes& handshakes) : handshakes_(handshakes) {}

  void add(dtls::Peer peer) override { handshakes_.add(std::move(peer)); }
  void remove(const dtls::EndpointRef& endpoint) override { handshakes_.remove(endpoint); }
  void move(const dtls::EndpointRef& from, const dtls::EndpointRef& to) override { handshakes_.move(from, to); }
  void settle(const dtls::EndpointRef& endpoint) override { handshakes_.settle(endpoint); }
  const dtls::Fingerprint& fingerprint() const override { return handshakes_.certificate().fingerprint(); }

 private:
  dtls::Handshakes& handshakes_;
};

MediaControl::MediaControl(boost::asio::io_context& io, MediaPlane& plane, Log& log)
    : io_(io), plane_(plane), log_(log), timer_(io), self_(std::make_shared<MediaControl*>(this)) {}

MediaControl::~MediaControl() = default;

tl::expected<std::unique_ptr<MediaControl>, std::string> MediaControl::create(
    boost::asio::io_context& io, const Config& config, MediaPlane& plane, Relay& relay,
    std::function<double(std::uint16_t)> busy_share, Log& log) {
  std::unique_ptr<MediaControl> control(new MediaControl(io, plane, log));
  if (auto started = control->start_handshakes(config.media, relay); !started) {
    return tl::unexpected(started.error());
  }
  control->make_rooms(config, relay, std::move(busy_share));
  return control;
}

tl::expected<void, std::string> MediaControl::start_handshakes(const MediaSection& media, Relay& relay) {
  auto certificate = certificate_of(media);
  if (!certificate) return tl::unexpected("media.certificate: " + certificate.error());
  const auto wake = [&relay](std::uint16_t worker) { relay.wake(worker); };
  // Told on a handshake thread; what is under way when this object ends is forgotten.
  const auto tell = [this, alive = std::weak_ptr(self_)](dtls::Report&& report) {
    boost::asio::post(io_, [alive, told = std::make_shared<dtls::Report>(std::move(report))] {
      if (const auto control = alive.lock()) (*control)->on_report(*told);
      srtp::wipe(told->receive);
      srtp::wipe(told->send);
    });
  };
  const std::vector<sfu::HandshakeLanes*> lanes = plane_.all_lanes();
  auto handshakes = dtls::Handshakes::start({}, std::move(*certificate), lanes, wake, tell);
  if (!handshakes) return tl::unexpected(handshakes.error());
  handshakes_ = std::move(*handshakes);
  return {};
}

void MediaControl::make_rooms(const Config& config, Relay& relay, std::function<double(std::uint16_t)> busy_share) {
  rooms::Options options;
  options.lost_timeout = std::chrono::seconds(config.media.lost_s);
  for (std::uint16_t worker = 0; worker < plane_.workers(); ++worker) {
    options.workers.push_back({plane_.settings(worker).sizes, &plane_.board(worker), plane_.advertised(worker)});
  }
  options.placement.big_room = config.media.big_room;
  options.busy_share = std::move(busy_share);
  options.speakers = &plane_.speakers();
  updates_ = std::make_unique<Updates>(relay, plane_);
  peers_ = std::make_unique<Peers>(*handshakes_);
  rooms_ = std::make_unique<rooms::Rooms>(std::move(options), *updates_, *peers_);
}

void MediaControl::on_report(dtls::Report& report) {
  if (report.result != dtls::Result::secured && report.result != dtls::Result::closed) {
    log_.info("handshake_failed", report.detail,
              {{"result", std::string(dtls::kResultNames[static_cast<std::size_t>(report.result)])}});
  }
  rooms_->on_report(report);
}

std::vector<std::string> MediaControl::addresses() const {
  std::vector<std::string> all;
  for (std::uint16_t worker = 0; worker < plane_.workers(); ++worker) {
    for (const net::Endpoint& e : plane_.advertised(worker)) all.push_back(net::to_string(e));
  }
  return all;
}

void MediaControl::start() {
  // The first room ends the long wait of an idle relay.
  ticket_ = rooms_->events().listen([this](const rooms::Event&) {
    if (std::exchange(idle_, false)) wait(kTick);
  });
  tick();
}

void MediaControl::tick() {
  rooms_->tick();
  idle_ = rooms_->statistics().population().rooms == 0;
  wait(idle_ ? kIdleTick : kTick);
}

void MediaControl::wait(std::chrono::milliseconds time) {
  timer_.expires_after(time);  // ends an earlier wait with an error
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) tick();
  });
}

}  // namespace penstock::control

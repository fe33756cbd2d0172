#include "bench/peers/sfu/fan_out/webrtc_cast.h"

#include <fmt/format.h>

#include "bench/load/sfu/peer/ortc.h"
#include "bench/load/sfu/peer/sdp.h"
#include "bench/load/turn/clock.h"
#include "dataplane/rtp/rtcp_feedback.h"

namespace penstock::peers {
namespace {

namespace peer = load::peer;
using nlohmann::json;

/// The member of a command that says whom it is about.
template <class Party>
Party* party(const std::vector<std::unique_ptr<Party>>& parties, const json& command, const char* role) {
  const auto number = command.value(role, parties.size());
  return number < parties.size() ? parties[number].get() : nullptr;
}

template <class Party>
tl::expected<void, std::string> connect_each(const std::vector<std::unique_ptr<Party>>& parties, const json& remotes) {
  if (!remotes.is_array() || remotes.size() != parties.size()) {
    return tl::unexpected(fmt::format("expected the transports of {} endpoints", parties.size()));
  }
  for (std::size_t i = 0; i < parties.size(); ++i) {
    const auto remote = peer::from_ortc(remotes[i]);
    if (!remote) return tl::unexpected(remote.error());
    if (auto begun = parties[i]->endpoint->connect(*remote); !begun) return begun;
  }
  return {};
}

}  // namespace

void WebRtcCast::Publisher::on_rtcp(const rtp::RtcpCompound& compound, std::uint64_t) {
  for (const auto packet : compound) {
    if (packet.is(rtp::RtcpType::payload_specific_feedback, rtp::kFormatPictureLoss) ||
        packet.is(rtp::RtcpType::payload_specific_feedback, rtp::kFormatFullIntraRequest)) {
      video.want_key_frame();
    }
  }
}

void WebRtcCast::Receiver::on_rtp(const peer::ReceivedRtp& packet) {
  if (const auto sent = sent_ns(packet.payload)) arrivals->note(number, *sent, packet.received_ns);
}

WebRtcCast::WebRtcCast(const CastOptions& options, std::unique_ptr<peer::Loop> loop)
    : Cast(options), form_(rtp::HeaderTemplate::make({}).value()), loop_(std::move(loop)) {}

tl::expected<std::unique_ptr<Cast>, std::string> WebRtcCast::open(const CastOptions& options) {
  auto loop = peer::Loop::create(
      {.most_endpoints = options.publishers + options.receivers, .srtp_profiles = options.srtp_profiles});
  if (!loop) return tl::unexpected(loop.error());
  std::unique_ptr<WebRtcCast> cast(new WebRtcCast(options, std::move(*loop)));
  for (unsigned i = 0; i < options.publishers; ++i) {
    auto endpoint = cast->loop_->open({options.address, 0});
    if (!endpoint) return tl::unexpected(endpoint.error());
    auto publisher = std::make_unique<Publisher>(Video(0x1000 + i, options.shape));
    publisher->endpoint = *endpoint;
    (*endpoint)->listen(publisher.get());
    cast->publishers_.push_back(std::move(publisher));
  }
  for (unsigned i = 0; i < options.receivers; ++i) {
    auto endpoint = cast->loop_->open({options.address, 0});
    if (!endpoint) return tl::unexpected(endpoint.error());
    auto receiver = std::make_unique<Receiver>();
    receiver->number = i;
    receiver->arrivals = &cast->arrivals_;
    receiver->endpoint = *endpoint;
    (*endpoint)->listen(receiver.get());
    cast->receivers_.push_back(std::move(receiver));
  }
  return cast;
}

json WebRtcCast::describe() const {
  json publishers = json::array();
  for (const auto& one : publishers_) {
    json described = peer::to_ortc(one->endpoint->local());
    described["ssrc"] = one->video.ssrc();
    publishers.push_back(std::move(described));
  }
  json receivers = json::array();
  for (const auto& one : receivers_) receivers.push_back(peer::to_ortc(one->endpoint->local()));
  return {{"publishers", std::move(publishers)}, {"receivers", std::move(receivers)}};
}

WebRtcCast::Result WebRtcCast::signal(const json& command) {
  const std::string what = command.value("do", "");
  if (what == "connect") return connect(command);
  const std::string sdp = command.value("sdp", "");
  Publisher* const publisher = party(publishers_, command, "publisher");
  if (what == "offer" && publisher) return offer(*publisher);
  if (what == "accept" && publisher) return accept(*publisher, sdp);
  Receiver* const receiver = party(receivers_, command, "receiver");
  if (what == "answer" && receiver) return answer(*receiver, sdp);
  return tl::unexpected(fmt::format("WebRTC: cannot obey {}", command.dump()));
}

WebRtcCast::Result WebRtcCast::connect(const json& command) {
  if (auto done = connect_each(publishers_, command.value("publishers", json())); !done) {
    return tl::unexpected(done.error());
  }
  if (auto done = connect_each(receivers_, command.value("receivers", json())); !done) {
    return tl::unexpected(done.error());
  }
  return json::object();
}

WebRtcCast::Result WebRtcCast::offer(Publisher& publisher) {
  peer::MediaLine line{.mid = "0", .video = true, .sends = true, .payload_type = kVideoPayloadType};
  line.ssrc = publisher.video.ssrc();
  return json{{"sdp", peer::write_sdp(publisher.endpoint->local(), {line})}};
}

WebRtcCast::Result WebRtcCast::accept(Publisher& publisher, const std::string& sdp) {
  const auto remote = peer::read_sdp(sdp);
  if (!remote) return tl::unexpected(remote.error());
  if (auto begun = publisher.endpoint->connect(remote->transport); !begun) return tl::unexpected(begun.error());
  return json::object();
}

WebRtcCast::Result WebRtcCast::answer(Receiver& receiver, const std::string& sdp) {
  auto remote = peer::read_sdp(sdp);
  if (!remote) return tl::unexpected(remote.error());
  if (remote->sections.size() != 1 || remote->sections[0].codecs.empty()) {
    return tl::unexpected(std::string("expected an offer of one section with a codec"));
  }
  const auto& offered = remote->sections[0];
  const peer::MediaLine line{.mid = offered.mid, .video = true, .payload_type = offered.codecs[0].payload_type};
  peer::TransportParameters local = receiver.endpoint->local();
  local.setup = peer::DtlsSetup::active;
  if (auto begun = receiver.endpoint->connect(remote->transport); !begun) return tl::unexpected(begun.error());
  return json{{"sdp", peer::write_sdp(local, {line})}};
}

tl::expected<bool, std::string> WebRtcCast::ready(bool publishers_only) {
  bool all = true;
  const auto look = [&all](const peer::Endpoint& endpoint) -> tl::expected<void, std::string> {
    if (endpoint.state() == peer::State::failed || endpoint.state() == peer::State::closed) {
      return tl::unexpected(endpoint.failure());
    }
    all = all && endpoint.state() == peer::State::connected;
    return {};
  };
  for (const auto& one : publishers_) {
    if (auto fine = look(*one->endpoint); !fine) return tl::unexpected("a publisher: " + fine.error());
  }
  if (publishers_only) return all;
  for (const auto& one : receivers_) {
    if (auto fine = look(*one->endpoint); !fine) return tl::unexpected("a receiver: " + fine.error());
  }
  return all;
}

void WebRtcCast::send_frame(unsigned publisher, std::uint64_t now_ns) {
  Publisher& one = *publishers_[publisher];
  one.video.begin_frame(now_ns);
  for (unsigned i = 0; i < one.video.shape().packets; ++i) {
    one.video.write_payload(i, now_ns, loop_->outbox().payload().data());
    one.endpoint->send({.form = form_, .fixed = one.video.header(i), .packet_index = one.video.packet_index(i)},
                       one.video.payload_bytes());
  }
  loop_->outbox().flush();
}

void WebRtcCast::turn() {
  loop_->turn(0);
}

json WebRtcCast::findings() const {
  std::uint64_t drops = 0;
  json profiles = json::object();
  for (const auto& one : receivers_) {
    drops += one->endpoint->socket().receive_drops();
    if (const auto profile = one->endpoint->profile()) {
      auto& count = profiles[std::string(srtp::name(*profile))];
      count = count.is_null() ? 1 : count.get<int>() + 1;
    }
  }
  const auto& tally = loop_->received();
  return {{"receiver_drops", drops},
          {"refused_sends", loop_->outbox().refused()},
          {"profiles", std::move(profiles)},
          {"not_authentic", tally.not_authentic},
          {"replayed", tally.replayed},
          {"malformed", tally.malformed},
          {"rtcp", tally.rtcp}};
}

}  // namespace penstock::peers

#include "bench/peers/sfu/fan_out/conversation.h"

#include <fmt/format.h>

#include <istream>
#include <ostream>

#include "bench/load/turn/clock.h"
#include "bench/peers/sfu/fan_out/measurement.h"
#include "bench/peers/sfu/fan_out/plain_cast.h"
#include "bench/peers/sfu/fan_out/webrtc_cast.h"

namespace penstock::peers {
namespace {

using Answer = tl::expected<nlohmann::json, std::string>;

}  // namespace

void Conversation::run(std::istream& commands, std::ostream& answers) {
  for (std::string line; std::getline(commands, line);) {
    Answer answer = tl::unexpected(std::string());
    try {
      answer = obey(nlohmann::json::parse(line));
    } catch (const nlohmann::json::exception& error) {
      answer = tl::unexpected(std::string(error.what()));
    }
    answers << (answer ? *answer : nlohmann::json{{"error", answer.error()}}).dump() << std::endl;
  }
}

Answer Conversation::obey(const nlohmann::json& command) {
  const std::string what = command.value("do", "");
  if (what == "open") return open(command);
  if (!cast_) return tl::unexpected("open comes first, not " + what);
  if (what == "wait") return wait(command);
  if (what == "run") return measure_once(command);
  if (what == "close") {
    cast_.reset();
    return nlohmann::json::object();
  }
  return cast_->signal(command);
}

Answer Conversation::open(const nlohmann::json& command) {
  CastOptions options;
  options.publishers = command.value("publishers", 1u);
  options.receivers = command.value("receivers", 1u);
  options.shape.packets = command.value("packets", 8u);
  options.shape.packet_bytes = command.value("packet_bytes", std::size_t{1200});
  options.srtp_profiles = command.value("srtp_profiles", "");
  const auto address = net::parse_address(command.value("address", "127.0.0.1"));
  if (!address || !address->is_v4()) return tl::unexpected(std::string("address: an IPv4 address is needed"));
  options.address = *address;
  if (options.publishers == 0 || options.receivers % options.publishers != 0) {
    return tl::unexpected(std::string("receivers must be a multiple of publishers"));
  }
  if (options.shape.packets == 0 || options.shape.packets > 50 || options.shape.packet_bytes < 64 ||
      options.shape.packet_bytes > 1300) {
    return tl::unexpected(std::string("1 to 50 packets of 64 to 1300 bytes"));
  }
  const std::string transport = command.value("transport", "webrtc");
  if (transport != "plain" && transport != "webrtc")
    return tl::unexpected("transport: plain or webrtc, not " + transport);
  auto cast = transport == "plain" ? PlainCast::open(options) : WebRtcCast::open(options);
  if (!cast) return tl::unexpected(cast.error());
  cast_ = std::move(*cast);
  return cast_->describe();
}

Answer Conversation::wait(const nlohmann::json& command) {
  const double seconds = command.value("seconds", 20.0);
  const bool publishers_only = command.value("publishers_only", false);
  const std::uint64_t give_up_ns = load::now_ns() + load::to_ns(seconds);
  for (;;) {
    const auto ready = cast_->ready(publishers_only);
    if (!ready) return tl::unexpected(ready.error());
    if (*ready) return nlohmann::json{{"ready", true}};
    if (load::now_ns() > give_up_ns) return tl::unexpected(fmt::format("not all connected within {} s", seconds));
    cast_->turn();
  }
}

Answer Conversation::measure_once(const nlohmann::json& command) {
  const auto server = load::ServerProcess::attach(command.value("server_pid", 0));
  if (!server) return tl::unexpected(server.error());
  const Pace pace{.frames_per_second = command.value("frames_per_second", 30.0),
                  .warmup_s = command.value("warmup", 0.5),
                  .duration_s = command.value("duration", 2.0)};
  if (pace.frames_per_second <= 0 || pace.duration_s <= 0) {
    return tl::unexpected(std::string("frames_per_second and duration must be more than 0"));
  }
  return measure(*cast_, *server, pace);
}

}  // namespace penstock::peers

#include "bench/load/frame_rooms/report.h"

#include <algorithm>
#include <cmath>

#include "bench/load/frames/report.h"

namespace penstock::frame_rooms {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "penstock.frame_rooms/1";

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}
double ratio(std::uint64_t amount, std::uint64_t of) {
  return of == 0 ? 0 : rounded(static_cast<double>(amount) / static_cast<double>(of));
}
double per_second(std::uint64_t count, double seconds) {
  return std::round(static_cast<double>(count) / seconds);
}

Json load_settings(const Options& options) {
  return {{"device", options.link.device},
          {"huge_pages", options.link.huge_pages},
          {"viewers", options.viewers()},
          {"payload_bytes", options.camera.payload_bytes},
          {"frame_packets", options.camera.frame_packets},
          {"rate_pps", options.plan.rate_pps},
          {"burst", options.plan.burst},
          {"window", options.plan.window},
          {"feedback_interval_s", options.plan.interval_s}};
}

Json traffic_of(const Options& options, const BroadcastResult& result) {
  const BroadcastCounters& interval = result.interval;
  const BroadcastCounters& total = result.total;
  const std::uint64_t due = total.published * options.viewers();
  const std::uint64_t lost = due - std::min(due, total.audience.delivered);
  return {{"seconds", rounded(result.seconds)},
          {"published_pps", per_second(interval.published, result.seconds)},
          {"delivered_pps", per_second(interval.audience.delivered, result.seconds)},
          {"lost", lost},
          {"loss_ratio", due == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(due)},
          {"late", total.audience.late},
          {"duplicated", total.audience.duplicated},
          {"misdelivered", total.audience.misdelivered},
          {"malformed", total.audience.malformed},
          {"verified", total.audience.verified},
          {"damaged", total.audience.damaged + total.unsound},
          {"retransmitted", total.audience.retransmitted},
          {"foreign", total.foreign},
          {"refused_by_device", total.refused},
          {"rtcp_received", total.audience.rtcp},
          {"feedback_sent", total.audience.feedback},
          {"key_frames", result.key_frames}};
}

}  // namespace

Json to_json(const Options& options, const SetupResult& setup, const BroadcastResult& result,
             const std::optional<frames::ServerResult>& server) {
  Json report = {{"schema", kSchema}, {"mode", name_of(options.mode)}, {"load", load_settings(options)}};
  report["setup"] = {{"seconds", rounded(setup.seconds)},
                     {"endpoints_per_second", std::round((options.viewers() + 1) / setup.seconds)},
                     {"profile", setup.profile}};
  report["traffic"] = traffic_of(options, result);
  report["generator"] = {{"busy_ratio", ratio(result.interval.busy_cycles, result.interval.cycles)},
                         {"cycles_per_packet", ratio(result.interval.busy_cycles, result.interval.frames)},
                         {"packets_per_receive", ratio(result.interval.frames, result.interval.receives)}};
  report["latency_us"] = frames::latency_us(result.latency);
  if (server) report["server_cost"] = frames::server_cost(*server);
  return report;
}

Json to_json(const Options& options, const DrainResult& result) {
  return {
      {"schema", kSchema},
      {"mode", name_of(options.mode)},
      {"traffic", {{"seconds", rounded(result.seconds)}, {"delivered_pps", per_second(result.frames, result.seconds)}}},
      {"generator",
       {{"busy_ratio", ratio(result.busy_cycles, result.cycles)},
        {"cycles_per_packet", ratio(result.busy_cycles, result.frames)},
        {"packets_per_receive", ratio(result.frames, result.receives)}}}};
}

}  // namespace penstock::frame_rooms

#include "bench/load/sfu/run/window.h"

#include <cmath>
#include <ctime>

#include "bench/load/sfu/relay/threads.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

std::uint64_t own_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace

struct Window::Reading {
  std::uint64_t at_ns = 0;
  std::uint64_t own_cpu = 0;
  std::map<std::string, std::uint64_t> threads;
  Metrics metrics;
  peer::InboxTally inbox;
  std::uint64_t sent = 0, refused = 0;
};

Window::Reading Window::read(Stage& stage) {
  Reading reading;
  if (!stage.options.metrics.empty()) {
    if (auto metrics = Metrics::read(stage.options.metrics)) reading.metrics = std::move(*metrics);
  }
  reading.at_ns = now_ns();
  reading.own_cpu = own_cpu_ns();
  if (stage.options.pid) reading.threads = thread_cpu_ns(*stage.options.pid);
  reading.inbox = stage.loop->received();
  reading.sent = stage.loop->outbox().sent();
  reading.refused = stage.loop->outbox().refused();
  return reading;
}

Window::Window(Stage& stage, std::vector<media::Tally*> tallies) : stage_(stage) {
  begin_ = std::make_shared<const Reading>(read(stage));
  for (media::Tally* tally : tallies) *tally = {};
}

void Window::close() {
  const Reading end = read(stage_);
  relay_.seconds = static_cast<double>(end.at_ns - begin_->at_ns) / 1e9;
  for (const auto& [name, used] : end.threads) {
    const auto before = begin_->threads.find(name);
    const double s = static_cast<double>(used - (before == begin_->threads.end() ? 0 : before->second)) / 1e9;
    if (s > 0) relay_.threads_s[name] = s;
    relay_.all_cpu_s += s;
    if (!name.starts_with("worker-")) continue;
    relay_.worker_cpu_s += s;
    ++relay_.workers;
  }
  relay_.before = begin_->metrics;
  relay_.after = end.metrics;
  if (!stage_.options.metrics.empty()) relay_.longest_pass_us = longest_pass_us(stage_.options.metrics);
  const auto grown = [&](const char* series) { return relay_.after[series] - relay_.before[series]; };
  relay_.forwarded = grown("penstock_sfu_forwarded_packets_total");
  relay_.received = grown("penstock_sfu_received_packets_total");
  generator_busy_ = static_cast<double>(end.own_cpu - begin_->own_cpu) / static_cast<double>(end.at_ns - begin_->at_ns);
  sent_ = end.sent - begin_->sent;
  refused_ = end.refused - begin_->refused;
  datagrams_ = end.inbox.datagrams - begin_->inbox.datagrams;
  not_authentic_ = end.inbox.not_authentic - begin_->inbox.not_authentic;
  replayed_ = end.inbox.replayed - begin_->inbox.replayed;
  malformed_ = end.inbox.malformed - begin_->inbox.malformed;
}

Json Window::to_json() const {
  const RelayCost& r = relay_;
  const auto grown = [&](const char* series) { return r.after[series] - r.before[series]; };
  Json threads = Json::object();
  for (const auto& [name, s] : r.threads_s) threads[name] = rounded(s);
  Json dropped = Json::object();
  for (const auto& [series, count] : r.after.grown_since(r.before, "penstock_packets_dropped_total")) {
    dropped[series.substr(series.find('{'))] = count;
  }
  const double busy_cycles = grown("penstock_busy_cycles_total");
  Json relay = {
      {"received", r.received},
      {"received_pps", std::round(r.received / r.seconds)},
      {"forwarded", r.forwarded},
      {"forwarded_pps", std::round(r.forwarded / r.seconds)},
      {"worker_ns_per_output", std::round(r.worker_ns_per_output())},
      {"all_ns_per_output", std::round(r.all_ns_per_output())},
      {"busy_cycles_per_output", r.forwarded > 0 ? std::round(busy_cycles / r.forwarded) : 0},
      {"worker_busy", rounded(r.busy())},
      {"threads_s", threads},
      {"packets_per_train_in",
       rounded(grown("penstock_packets_received_total") / std::max(grown("penstock_receive_operations_total"), 1.0))},
      {"packets_per_train_out",
       rounded(grown("penstock_packets_sent_total") / std::max(grown("penstock_send_operations_total"), 1.0))},
      {"kernel_drops", grown("penstock_kernel_drops_total")},
      {"dropped", dropped}};
  if (r.longest_pass_us) relay["longest_pass_us"] = rounded(*r.longest_pass_us);
  return {{"seconds", rounded(r.seconds)},
          {"relay", relay},
          {"generator",
           {{"busy", rounded(generator_busy_)},
            {"sent", sent_},
            {"refused_by_kernel", refused_},
            {"received", datagrams_},
            {"not_authentic", not_authentic_},
            {"replayed", replayed_},
            {"malformed", malformed_}}}};
}

Json latency_us(const Histogram& latency) {
  const auto at = [&](double fraction) { return rounded(static_cast<double>(latency.percentile_ns(fraction)) / 1e3); };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p999", at(0.999)}, {"max", at(1)}};
}

namespace {

Json received_json(const media::ReceivedTally& t) {
  const double expected = static_cast<double>(t.packets + t.missed());
  return {
      {"packets", t.packets},           {"bytes", t.bytes},
      {"missed", t.missed()},           {"missed_ratio", expected > 0 ? static_cast<double>(t.missed()) / expected : 0},
      {"recovered", t.recovered},       {"lost", t.lost},
      {"reordered", t.reordered},       {"retransmissions", t.retransmissions},
      {"duplicates", t.duplicates},     {"corrupt", t.corrupt},
      {"out_of_place", t.out_of_place}, {"latency_us", latency_us(t.latency)}};
}

}  // namespace

Json to_json(const media::Tally& tally) {
  const media::PictureTally& p = tally.pictures;
  const media::ControlTally& c = tally.control;
  return {{"video", received_json(tally.video)},
          {"audio", received_json(tally.audio)},
          {"pictures",
           {{"frames", p.frames},
            {"key_frames", p.key_frames},
            {"undecodable_packets", p.undecodable},
            {"picture_id_gaps", p.picture_id_gaps},
            {"tl0picidx_gaps", p.tl0picidx_gaps},
            {"broken_frames", p.broken_frames},
            {"switches", p.switches},
            {"bad_switches", p.bad_switches},
            {"timestamps_back", p.timestamps_back}}},
          {"control",
           {{"nacked", c.nacked},
            {"plis", c.plis},
            {"receiver_reports", c.receiver_reports},
            {"feedback_sent", c.feedback_sent},
            {"feedback_received", c.feedback_received},
            {"feedback_lost", c.feedback_lost},
            {"nacks_received", c.nacks_received},
            {"plis_received", c.plis_received}}}};
}

}  // namespace penstock::load::sfu

#include "bench/load/sfu/run/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "bench/load/sfu/media/stamp.h"
#include "bench/load/sfu/run/flood_kinds.h"

namespace penstock::load::sfu {
namespace {

constexpr unsigned kMostPacketBytes = 1300;
constexpr unsigned kMostViewers = 20'000;

void add_relay_options(CLI::App& app, Options& options, std::vector<std::string>& locals) {
  app.add_option("--http", options.http, "the relay's control API")->capture_default_str();
  app.add_option("--metrics", options.metrics, "its metrics page; \"\" for none")->capture_default_str();
  app.add_option("--pid", options.pid, "its process: CPU time by thread");
  app.add_option("--relay-cpu", options.relay_cpu, "spin here for a second before the load: what the core itself does");
  app.add_option("--local", locals, "addresses that endpoints bind to, in turns (default: 127.0.0.1)")->delimiter(',');
  app.add_option("--cpu", options.cpu, "pin the generator to this core");
  app.add_option("--duration", options.duration_s, "measured seconds of each step")->capture_default_str();
  app.add_option("--warmup", options.warmup_s, "seconds of the same load before that")->capture_default_str();
  app.add_option("--patience", options.patience_s, "seconds to connect everybody")->capture_default_str();
  app.add_option("--json", options.json, "write the result to this file, - for standard output");
}

void add_media_options(CLI::App& app, MediaOptions& media) {
  app.add_option("--layers", media.layers, "simulcast encodings of a video, 1 to 3")->capture_default_str();
  app.add_option("--bit-rate", media.bit_rate, "bit/s of the best layer; the others have a third and a tenth of it");
  app.add_option("--bit-rate-scale", media.bit_rate_scale, "of 150, 500, 1500 kbit/s")->capture_default_str();
  app.add_option("--frame-rate", media.frame_rate, "frames per second")->capture_default_str();
  app.add_option("--temporal-layers", media.temporal_layers, "1 to 3")->capture_default_str();
  app.add_option("--packet-bytes", media.packet_bytes, "most RTP payload in a video packet")->capture_default_str();
  app.add_option("--key-interval", media.key_interval_s, "seconds between key frames; 0: when asked for")
      ->capture_default_str();
  app.add_flag("--paced", media.paced, "spread a frame over two thirds of its time; default: a train");
  app.add_flag("!--no-audio", media.audio, "publish video alone");
}

void add_scenarios(CLI::App& app, Options& options) {
  const auto scenario = [&](const char* name, Scenario value, const char* help) {
    CLI::App* const sub = app.add_subcommand(name, help)->fallthrough();
    sub->callback([&options, value] { options.scenario = value; });
    return sub;
  };
  CLI::App* const broadcast = scenario("broadcast", Scenario::broadcast, "one publisher to many viewers");
  broadcast->add_option("-n,--viewers", options.viewers, "how many; one step for each number")->delimiter(',');
  broadcast->add_option("--over-workers", options.over_workers,
                        "ask the relay for viewers on so many workers, in turns; 0: its own choice");
  CLI::App* const meetings = scenario("meetings", Scenario::meetings, "everybody sends, and receives everybody else");
  meetings->add_option("-n,--meetings", options.meetings, "of the first step, and of what each step adds")
      ->capture_default_str();
  meetings->add_option("--most", options.most_meetings, "step up to so many, until loss or 90 % busy");
  meetings->add_option("--seats", options.seats, "people in a meeting")->capture_default_str();
  CLI::App* const churn = scenario("churn", Scenario::churn, "handshakes and API operations beside a room that runs");
  churn->add_option("--handshakes", options.handshakes_per_s, "endpoints per second that come, connect and go")
      ->capture_default_str();
  churn->add_option("--operations", options.operations_per_s, "PATCHes per second")->capture_default_str();
  churn->add_option("--moves", options.moves_per_s, "viewers per second that move to the next of --over-workers")
      ->capture_default_str();
  churn->add_option("--over-workers", options.over_workers, "how many there are to move between (default: 2)");
  churn->add_option("--concurrency", options.concurrency, "of them at once")->capture_default_str();
  CLI::App* const floods = scenario("floods", Scenario::floods, "hostile traffic beside a room that runs");
  floods->add_option("--kinds", options.floods, "which, in this order (default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember(flood_names()));
  floods->add_option("--pps", options.flood_pps, "datagrams of garbage per second")->capture_default_str();
  CLI::App* const memory = scenario("memory", Scenario::memory, "what endpoints and subscriptions take; needs --pid");
  memory->add_option("-n,--endpoints", options.endpoints, "viewers of a crowd")->capture_default_str();
  memory->add_option("--subscriptions", options.subscriptions, "of each of the viewers that have many")
      ->capture_default_str();
  for (CLI::App* const sub : {churn, floods}) {
    sub->add_option("--beside", options.beside, "viewers in the room that shall not notice")->capture_default_str();
  }
  app.require_subcommand(1);
}

int complain(const std::string& why) {
  std::cerr << "penstock_sfu_load: " << why << '\n';
  return 2;
}

}  // namespace

tl::expected<Options, std::string> checked(Options options) {
  const auto refuse = [](std::string why) { return tl::unexpected(std::move(why)); };
  const MediaOptions& media = options.media;
  if (media.layers < 1 || media.layers > 3) return refuse("--layers must be 1 to 3");
  if (media.temporal_layers < 1 || media.temporal_layers > 3) return refuse("--temporal-layers must be 1 to 3");
  if (media.packet_bytes < 100 || media.packet_bytes > kMostPacketBytes) {
    return refuse(fmt::format("--packet-bytes must be 100 to {}", kMostPacketBytes));
  }
  if (media.frame_rate < 1 || media.frame_rate > 120) return refuse("--frame-rate must be 1 to 120");
  if (options.duration_s <= 0) return refuse("--duration must be positive");
  if (options.seats < 2 || options.seats > 16) return refuse("--seats must be 2 to 16");
  if (options.meetings == 0) return refuse("--meetings must be at least 1");
  options.most_meetings = std::max(options.most_meetings, options.meetings);
  for (const unsigned viewers : options.viewers) {
    if (viewers == 0 || viewers > kMostViewers) return refuse(fmt::format("--viewers must be 1 to {}", kMostViewers));
  }
  if (options.beside == 0 || options.beside > kMostViewers) return refuse("--beside must be at least 1");
  if (options.endpoints == 0 || options.endpoints > kMostViewers || options.subscriptions < 2) {
    return refuse("--endpoints must be at least 1, --subscriptions at least 2");
  }
  if (options.concurrency == 0) return refuse("--concurrency must be at least 1");
  if (options.viewers.empty() || options.locals.empty()) return refuse("--viewers and --local need a value");
  return options;
}

Options parse_command_line(int argc, char** argv) {
  CLI::App app{"Load generator of WebRTC endpoints for the rooms of a Penstock relay."};
  Options options;
  std::vector<std::string> locals{"127.0.0.1"};
  add_relay_options(app, options, locals);
  add_media_options(app, options.media);
  add_scenarios(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  for (const std::string& text : locals) {
    const auto address = net::parse_address(text);
    if (!address) std::exit(complain("--local: " + address.error()));
    options.locals.push_back({*address, 0});
  }
  auto good = checked(options);
  if (!good) std::exit(complain(good.error()));
  return *good;
}

std::string_view name_of(Scenario scenario) {
  switch (scenario) {
    case Scenario::broadcast:
      return "broadcast";
    case Scenario::meetings:
      return "meetings";
    case Scenario::churn:
      return "churn";
    case Scenario::floods:
      return "floods";
    case Scenario::memory:
      return "memory";
  }
  return "?";
}

}  // namespace penstock::load::sfu

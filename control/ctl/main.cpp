// penstockctl: the operator's tool.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>

#include "control/config/version.h"
#include "control/ctl/commands.h"
#include "control/ctl/rooms_command.h"

namespace {

using namespace penstock::control;

void add_credentials(CLI::App& app, ctl::CredentialsOptions& options) {
  auto* command = app.add_subcommand("credentials", "Issue an ephemeral credential from a shared secret");
  command->add_option("--secret", options.secret, "The shared secret");
  command->add_option("--config", options.config_file, "penstockd's configuration; its first secret is used");
  command->add_option("--user", options.user, "Whom to charge; may be left out");
  command->add_option("--ttl", options.ttl_s, "Seconds it is valid")->capture_default_str()->check(CLI::PositiveNumber);
  command
      ->add_option("--url", options.urls,
                   "TURN URI for the iceServers; repeatable. Default: those of the running penstockd")
      ->allow_extra_args(false);
  command->add_flag("--sha256", options.sha256, "HMAC-SHA256; the default, HMAC-SHA1, is what everybody issues");
  command->add_flag("--json", options.json, "Print JSON: username, password, ttl, uris");
}

void add_status(CLI::App& app, ctl::StatusOptions& options, std::uint64_t& interval_ms) {
  auto* command = app.add_subcommand("status", "Show what penstockd does; the exit code is 0 when it is ready");
  command->add_option("--metrics", options.metrics_url, "penstockd's metrics listener")->capture_default_str();
  command->add_option("--interval", interval_ms, "Milliseconds between the two looks that rates are made of")
      ->capture_default_str()
      ->check(CLI::Range(10, 60000));
  command->add_flag("--json", options.json, "Print /status as it is");
  command->add_flag("--quiet", options.quiet, "Print nothing");
}

void add_ports(CLI::App& app, ctl::PortsOptions& options) {
  auto* command = app.add_subcommand("ports", "Show devices, interfaces, and how packets reach their workers");
  command->add_option("--metrics", options.metrics_url, "penstockd's metrics listener")->capture_default_str();
  command->add_flag("--json", options.json, "Print /ports as it is");
}

void add_api(CLI::App& command, ctl::ApiAddress& api) {
  command.add_option("--api", api.url, "Where penstockd's API is: a URL, or the path of its Unix socket")
      ->capture_default_str();
  command.add_option("--token", api.token, "Bearer token; default: PENSTOCK_TOKEN of the environment");
}

void add_rooms(CLI::App& app, ctl::RoomsOptions& options) {
  auto* rooms = app.add_subcommand("rooms", "List the rooms");
  auto* endpoints = app.add_subcommand("endpoints", "List the endpoints of a room");
  auto* subscriptions = app.add_subcommand("subscriptions", "List what an endpoint publishes, and what it is sent");
  for (CLI::App* command : {rooms, endpoints, subscriptions}) {
    add_api(*command, options.api);
    command->add_flag("--json", options.json, "Print what the API tells");
  }
  for (CLI::App* command : {endpoints, subscriptions}) command->add_option("room", options.room, "Its id")->required();
  subscriptions->add_option("endpoint", options.endpoint, "Its id")->required();
}

void add_top(CLI::App& app, ctl::TopOptions& options, std::uint64_t& interval_ms) {
  auto* command = app.add_subcommand("top", "Show live rates per worker and room, the busiest first");
  add_api(*command, options.api);
  command->add_option("--interval", interval_ms, "Milliseconds between two looks")
      ->capture_default_str()
      ->check(CLI::Range(100, 60000));
  command->add_option("--count", options.count, "Looks to take; 0: until interrupted")->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  ctl::CredentialsOptions credentials;
  ctl::StatusOptions status;
  ctl::PortsOptions ports;
  std::uint64_t interval_ms = 1000;
  CLI::App app("Penstock's tool for operators.", "penstockctl");
  app.set_version_flag("--version", fmt::format("penstockctl {}", kVersion));
  app.require_subcommand(1);
  add_credentials(app, credentials);
  add_status(app, status, interval_ms);
  add_ports(app, ports);
  ctl::RoomsOptions rooms;
  add_rooms(app, rooms);
  ctl::TopOptions top;
  std::uint64_t top_interval_ms = 1000;
  add_top(app, top, top_interval_ms);
  CLI11_PARSE(app, argc, argv);
  if (app.got_subcommand("credentials")) return ctl::credentials(credentials);
  if (app.got_subcommand("ports")) return ctl::ports(ports);
  if (app.got_subcommand("rooms")) return ctl::rooms(rooms);
  if (app.got_subcommand("endpoints")) return ctl::endpoints(rooms);
  if (app.got_subcommand("subscriptions")) return ctl::subscriptions(rooms);
  top.interval = std::chrono::milliseconds(top_interval_ms);
  if (app.got_subcommand("top")) return ctl::top(top);
  status.interval = std::chrono::milliseconds(interval_ms);
  return ctl::status(status);
}

// penstockctl: the operator's tool.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>

#include "control/config/version.h"
#include "control/ctl/commands.h"

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
  CLI11_PARSE(app, argc, argv);
  if (app.got_subcommand("credentials")) return ctl::credentials(credentials);
  if (app.got_subcommand("ports")) return ctl::ports(ports);
  status.interval = std::chrono::milliseconds(interval_ms);
  return ctl::status(status);
}

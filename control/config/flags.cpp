#include "control/config/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "control/config/version.h"

namespace penstock::control {
namespace {

/// A flag that sets a key of the configuration.
struct KeyFlag {
  const char* flag;
  const char* key;
  const char* value;
  bool repeatable;
  const char* help;
};

constexpr KeyFlag kKeyFlags[] = {
    {"--listen", "listen.addresses", "ADDR[:PORT]", true, "Listen here; default: every address of this host"},
    {"--relay", "relay.addresses", "ADDR[=ADVERTISED]", true, "Relay from here; default: the listening addresses"},
    {"--port-min", "relay.port_min", "PORT", false, "First relayed port"},
    {"--port-max", "relay.port_max", "PORT", false, "Last relayed port"},
    {"--user", "auth.users", "NAME:PASSWORD", true, "A long-term credential"},
    {"--secret", "auth.secrets", "SECRET", true, "A shared secret for ephemeral credentials"},
    {"--realm", "auth.realm", "REALM", false, "The realm"},
    {"--allow-peer", "peers.allow", "PREFIX", true, "Let clients reach these peers"},
    {"--deny-peer", "peers.deny", "PREFIX", true, "Keep clients from these peers"},
    {"--port", "dataplane.ports", "uring|dpdk:DEVICE", true, "How datagrams enter and leave; default: uring"},
    {"--workers", "workers.count", "N", false, "Worker threads; default: one per core"},
    {"--core", "workers.cores", "CORE", true, "Pin a worker to this core"},
    {"--http", "http.listen", "ADDR[:PORT]", true, "Rooms, WHIP and WHEP are programmed here"},
    {"--media-port", "media.port", "PORT", false, "UDP port of the first worker's endpoints in rooms"},
    {"--metrics", "metrics.listen", "ADDR:PORT", false, "Metrics and health; default 127.0.0.1:9641, \"\" for none"},
    {"--log-format", "log.format", "text|json", false, "How log lines look"},
    {"--log-level", "log.level", "LEVEL", false, "debug, info, warning or error"},
    {"--allocations-file", "log.allocations_file", "FILE", false, "A JSON line per ended allocation; \"-\": the log"},
    {"--drain-deadline", "drain.deadline_s", "SECONDS", false, "How long SIGTERM waits for allocations"},
};

void add_key_flag(CLI::App& app, const KeyFlag& spec, std::vector<FlagValue>& values) {
  auto* option = app.add_option_function<std::vector<std::string>>(
      spec.flag,
      [&values, &spec](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) values.push_back({spec.flag, spec.key, text});
      },
      spec.help);
  option->type_name(spec.value)->allow_extra_args(false)->group("Configuration");
  option->multi_option_policy(spec.repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
}

// --set section.key=value: every key of the file is also a flag.
void add_set_flag(CLI::App& app, std::vector<FlagValue>& values) {
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&values](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const auto equals = text.find('=');
             if (equals == std::string::npos) throw CLI::ValidationError("--set", "is written SECTION.KEY=VALUE");
             values.push_back({"--set " + text.substr(0, equals), text.substr(0, equals), text.substr(equals + 1)});
           }
         },
         "Any key of the configuration file; repeat it for lists")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false)
      ->group("Configuration");
}

}  // namespace

std::variant<CommandLine, Leave> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  bool check = false;
  bool print = false;
  CLI::App app(
      "Penstock: a TURN relay (RFC 8656) and an SFU on pinned cores.\n"
      "Flags replace single values of the file and add to its lists.",
      "penstockd");
  app.set_version_flag("--version", fmt::format("penstockd {}", kVersion));
  app.add_option("--config", line.sources.file, "TOML file; see --print-config")->type_name("FILE");
  app.add_option_function<std::string>(
         "--check-config",
         [&](const std::string& file) {
           line.sources.file = file;
           check = true;
         },
         "Say what is wrong with FILE, with line and reason, and leave")
      ->type_name("FILE");
  app.add_flag("--print-config", print, "Print the configuration, every key explained, and leave");
  for (const KeyFlag& spec : kKeyFlags) add_key_flag(app, spec, line.sources.flags);
  app.add_flag_callback(
         "--demo", [&] { line.sources.flags.push_back({"--demo", "http.demo", "true"}); },
         "Serve a page to try rooms with, on 127.0.0.1:8080 or where --http says, without tokens")
      ->group("Configuration");
  add_set_flag(app, line.sources.flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    const int code = app.exit(error, text, text);
    return Leave{code == 0 ? 0 : 2, text.str()};
  }
  if (check) line.action = CommandLine::Action::check_config;
  if (print) line.action = CommandLine::Action::print_config;
  return line;
}

}  // namespace penstock::control

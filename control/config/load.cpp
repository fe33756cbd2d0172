#include "control/config/load.h"

#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/config/check.h"
#include "control/config/document.h"
#include "control/config/value.h"

namespace penstock::control {
namespace {

// More than any sensible configuration; keeps a mistaken path (/dev/zero, a core dump) from filling the memory.
constexpr std::size_t kMaxFileBytes = 16U << 20;

tl::expected<std::string, std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return tl::unexpected(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return tl::unexpected(fmt::format("'{}' has more than {} MB", path, kMaxFileBytes >> 20));
  }
  return text;
}

// One value per line; '#' at the start of a line makes it a comment, so that secrets may contain one.
void read_lines(std::string_view text, const std::string& name, Key& key, Problems& problems) {
  std::istringstream lines{std::string(text)};
  std::string line;
  for (unsigned number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    if (auto taken = assign(key, std::string_view(line)); !taken) {
      problems.push_back({fmt::format("{}:{}", name, number), taken.error()});
    }
  }
}

void read_lines_of(const std::string& path, const std::string& config_file, std::string_view file_key, Key& key,
                   const Origins& origins, Problems& problems) {
  if (path.empty()) return;
  const std::string full = (std::filesystem::path(config_file).parent_path() / path).string();
  const auto text = read_file(full);
  if (text) {
    read_lines(*text, full, key, problems);
    return;
  }
  const auto origin = origins.find(file_key);
  problems.push_back({origin == origins.end() ? "" : origin->second, fmt::format("{}: {}", file_key, text.error())});
}

void read_credentials(const Sources& sources, Loaded& loaded, Problems& problems) {
  Keys keys = keys_of(loaded.config);
  const AuthSection& auth = loaded.config.auth;
  Key& users = *keys.find("auth.users");
  Key& secrets = *keys.find("auth.secrets");
  read_lines_of(auth.users_file, sources.file, "auth.users_file", users, loaded.origins, problems);
  read_lines_of(auth.secrets_file, sources.file, "auth.secrets_file", secrets, loaded.origins, problems);
  const HttpSection& http = loaded.config.http;
  read_lines_of(http.tokens_file, sources.file, "http.tokens_file", *keys.find("http.tokens"), loaded.origins,
                problems);
  read_lines_of(http.whip_secrets_file, sources.file, "http.whip_secrets_file", *keys.find("http.whip_secrets"),
                loaded.origins, problems);
  if (const char* text = std::getenv("PENSTOCK_SECRETS")) read_lines(text, "PENSTOCK_SECRETS", secrets, problems);
}

void read_flags(const Sources& sources, Loaded& loaded, Problems& problems) {
  Keys keys = keys_of(loaded.config);
  for (const FlagValue& flag : sources.flags) {
    Key* key = keys.find(flag.key);
    if (key == nullptr) {
      problems.push_back({flag.flag, fmt::format("unknown key {}", flag.key)});
      continue;
    }
    if (auto taken = assign_flag(*key, flag.text); !taken) problems.push_back({flag.flag, taken.error()});
    loaded.origins[flag.key] = flag.flag;
  }
}

std::vector<std::string> changed(Config& before, Config& after, Applies applies) {
  std::vector<std::string> names;
  Keys old_keys = keys_of(before);
  Keys new_keys = keys_of(after);
  for (std::size_t i = 0; i < old_keys.rows().size(); ++i) {
    const Key& key = old_keys.rows()[i];
    if (key.applies == applies && to_toml(key) != to_toml(new_keys.rows()[i])) names.push_back(key.full_name());
  }
  return names;
}

}  // namespace

Loaded read_sources(const Sources& sources, Problems& problems) {
  Loaded loaded;
  if (!sources.file.empty()) {
    if (const auto text = read_file(sources.file)) {
      read_document(*text, sources.file, loaded.config, loaded.origins, problems);
    } else {
      problems.push_back({"", text.error()});
    }
  }
  read_flags(sources, loaded, problems);
  return loaded;
}

tl::expected<Loaded, Problems> load_config(const Sources& sources, const std::vector<std::uint32_t>& allowed_cores) {
  Problems problems;
  Loaded loaded = read_sources(sources, problems);
  read_credentials(sources, loaded, problems);
  check_config(loaded.config, loaded.origins, allowed_cores, problems);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return loaded;
}

std::vector<std::uint32_t> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::uint32_t> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (std::uint32_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

std::vector<std::string> changes_for_restart(Config before, Config after) {
  return changed(before, after, Applies::at_start);
}
std::vector<std::string> changes_by_reload(Config before, Config after) {
  return changed(before, after, Applies::on_reload);
}

}  // namespace penstock::control

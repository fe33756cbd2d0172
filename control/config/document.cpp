#include "control/config/document.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "control/config/suggestion.h"
#include "control/config/value.h"

namespace penstock::control {
namespace {

using Result = tl::expected<void, std::string>;

class Reader {
 public:
  Reader(const std::string& file, Config& config, Origins& origins, Problems& problems)
      : file_(file), keys_(keys_of(config)), origins_(origins), problems_(problems) {}

  void read(const toml::table& document) {
    for (const auto& [name, node] : document) {
      if (!keys_.has_section(name.str())) {
        std::vector<std::string> known;
        for (const Section& section : keys_.sections()) known.emplace_back(section.name);
        report(name.source(), fmt::format("unknown section [{}]{}", name.str(), suggest(name.str(), known)));
      } else if (const toml::table* table = node.as_table()) {
        read_section(name.str(), *table);
      } else {
        report(node.source(), fmt::format("'{0}' is a section: write [{0}]", name.str()));
      }
    }
  }

 private:
  void read_section(std::string_view section, const toml::table& table) {
    for (const auto& [name, node] : table) {
      const std::string full_name = fmt::format("{}.{}", section, name.str());
      if (Key* key = keys_.find(full_name)) {
        read_key(*key, node);
        origins_[full_name] = place(name.source());
      } else {
        report(name.source(), fmt::format("unknown key {}{}", full_name, suggest(full_name, names_of(section))));
      }
    }
  }

  void read_key(Key& key, const toml::node& node) {
    const Shape shape = shape_of(key);
    const toml::array* list = node.as_array();
    if (shape != Shape::numbers && shape != Shape::texts) {
      check(key, node, read_value(key, node));
      return;
    }
    if (list == nullptr) {
      check(key, node, tl::unexpected(fmt::format("must be {}", name(shape))));
      return;
    }
    clear(key);
    for (const toml::node& item : *list) check(key, item, read_value(key, item));
  }

  static Result read_value(Key& key, const toml::node& node) {
    if (const auto* value = node.as_boolean()) return assign(key, value->get());
    if (const auto* value = node.as_integer()) return assign(key, value->get());
    if (const auto* value = node.as_string()) return assign(key, std::string_view(value->get()));
    return tl::unexpected(fmt::format("must be {}", name(shape_of(key))));
  }

  void check(const Key& key, const toml::node& node, const Result& result) {
    if (!result) report(node.source(), fmt::format("{}: {}", key.full_name(), result.error()));
  }
  void report(const toml::source_region& source, std::string reason) {
    problems_.push_back({place(source), std::move(reason)});
  }
  std::string place(const toml::source_region& source) const {
    return source.begin.line == 0 ? file_ : fmt::format("{}:{}", file_, source.begin.line);
  }
  std::vector<std::string> names_of(std::string_view section) {
    std::vector<std::string> names;
    for (const Key& key : keys_.rows()) {
      if (key.section == section) names.push_back(key.full_name());
    }
    return names;
  }

  const std::string& file_;
  Keys keys_;
  Origins& origins_;
  Problems& problems_;
};

std::string as_comment(std::string_view text) {
  std::string out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) out += fmt::format("# {}\n", line);
  return out;
}

std::string limits_of(const Key& key) {
  if (key.range.min == 0 && key.range.max >= UINT32_MAX) return "";
  const Shape shape = shape_of(key);
  if (shape != Shape::number && shape != Shape::numbers) return "";
  return fmt::format(" {} to {}.", key.range.min, key.range.max);
}

}  // namespace

void read_document(std::string_view text, const std::string& name, Config& config, Origins& origins,
                   Problems& problems) {
  try {
    Reader(name, config, origins, problems).read(toml::parse(text));
  } catch (const toml::parse_error& error) {
    problems.push_back({fmt::format("{}:{}", name, error.source().begin.line), std::string(error.description())});
  }
}

std::string print_document(Config config) {
  Keys keys = keys_of(config);
  std::string out;
  for (const Section& section : keys.sections()) {
    out += fmt::format("{}{}[{}]\n", out.empty() ? "" : "\n", as_comment(section.help), section.name);
    for (const Key& key : keys.rows()) {
      if (key.section != section.name) continue;
      out += as_comment(fmt::format("{}{}{}", key.help, limits_of(key),
                                    key.applies == Applies::on_reload ? "" : " Needs a restart."));
      out += fmt::format("{} = {}\n", key.name, to_toml(key));
    }
  }
  return out;
}

}  // namespace penstock::control
